#include "tractor/harness/pty_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <system_error>

#include "session.hpp"
#include "terminal_text.hpp"

namespace tractor::harness {
namespace {

using clock = std::chrono::steady_clock;

clock::time_point within(std::chrono::nanoseconds bound) {
  return clock::now() + std::chrono::duration_cast<clock::duration>(detail::scaled(bound));
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 2000;
  if (text.empty()) return "; it has shown nothing since the last match";
  return "; since the last match it has shown:\n" +
         std::string(text.substr(text.size() - std::min(text.size(), most)));
}

std::string names_of(std::initializer_list<pty_pattern> patterns) {
  std::string out;
  for (const pty_pattern& each : patterns) out += (out.empty() ? "'" : ", '") + each.text() + "'";
  return out;
}

}  // namespace

std::optional<std::pair<std::size_t, std::size_t>> pty_pattern::find(std::string_view all) const {
  if (!regex_) {
    const std::size_t at = all.find(text_);
    if (at == all.npos) return std::nullopt;
    return std::pair(at, text_.size());
  }
  std::cmatch found;
  if (!std::regex_search(all.data(), all.data() + all.size(), found, *regex_)) return std::nullopt;
  return std::pair(static_cast<std::size_t>(found.position()), static_cast<std::size_t>(found.length()));
}

pty_session::~pty_session() {
  if (!program_ || !testing::Test::HasFailure()) return;
  std::printf("the terminal of %s showed:\n%s\n", std::to_string(program_->pid()).c_str(),
              transcript().c_str());
}

void pty_session::start(command what, unsigned short columns, unsigned short rows) {
  program_.reset();
  shown_.clear();
  matched_ = 0;
  what.keep_output(std::numeric_limits<std::size_t>::max());  // places in it are counted
  const auto& set = what.env();
  if (std::ranges::none_of(set, [](const auto& each) { return each.first == "TERM"; }))
    what.env("TERM", "dumb");
  program_ = std::make_unique<subprocess>(what.terminal(columns, rows));
}

subprocess& pty_session::program() {
  if (!program_) throw std::logic_error("the terminal has no program yet");
  return *program_;
}

const std::string& pty_session::transcript() {
  const std::string& all = program().out();
  shown_ = raw_ ? all : detail::plain_text(all);
  return shown_;
}

pty_match pty_session::expect(std::initializer_list<pty_pattern> patterns, std::chrono::nanoseconds bound) {
  const auto until = within(bound);
  for (;;) {
    // Looked at before it is read: what comes in between is found in the next round.
    const bool writes = program().writes();
    const std::string_view fresh = std::string_view(transcript()).substr(matched_);
    std::optional<std::pair<std::size_t, std::size_t>> best;
    pty_match match;
    std::size_t index = 0;
    for (const pty_pattern& each : patterns) {
      const auto found = each.find(fresh);
      if (found && (!best || found->first < best->first)) best = found, match.index = index;
      ++index;
    }
    if (best) {
      match.before = fresh.substr(0, best->first);
      match.text = fresh.substr(best->first, best->second);
      matched_ += best->first + best->second;
      return match;
    }
    if (!writes)
      throw pty_closed("the program has closed its terminal before " + names_of(patterns) + quoted(fresh));
    const auto left = until - clock::now();
    if (left <= left.zero() || !program().wait_for_more(left)) {
      if (clock::now() < until) continue;
      throw pty_timeout("no " + names_of(patterns) + " in time" + quoted(fresh));
    }
  }
}

std::string pty_session::expect(const pty_pattern& pattern, std::chrono::nanoseconds bound) {
  return expect({pattern}, bound).before;
}

void pty_session::send(std::string_view text) {
  try {
    program().write(text, detail::scaled(std::chrono::seconds(10)));
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::timed_out) throw pty_timeout(error.what());
    throw pty_closed(error.what());
  }
}

void pty_session::resize(unsigned short columns, unsigned short rows) { program().resize(columns, rows); }

exit_status pty_session::wait(std::chrono::nanoseconds bound) {
  const auto ended =
      program().wait(std::chrono::duration_cast<std::chrono::nanoseconds>(within(bound) - clock::now()));
  if (!ended)
    throw pty_timeout("the program does not end" + quoted(std::string_view(transcript()).substr(matched_)));
  return *ended;
}

}  // namespace tractor::harness
