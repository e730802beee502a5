#include "chaos_plan.hpp"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tractor/plugin/settings_error.hpp"

namespace tractor::chaos {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr std::pair<std::string_view, fault> names[] = {
    {"delay", fault::delay},       {"split", fault::split},     {"coalesce", fault::coalesce},
    {"truncate", fault::truncate}, {"corrupt", fault::corrupt}, {"half-close", fault::half_close},
    {"refuse", fault::refuse},     {"stall", fault::stall}};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto from = text.find_first_not_of(blank);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

std::uint64_t read_number(std::string_view text, const char* what, std::uint64_t least) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    refuse("expected " + std::string(what) + " from " + std::to_string(least) + ", found " + quoted(text));
  return value;
}

nanoseconds read_time(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, text.data() + text.size());
  constexpr std::pair<std::string_view, nanoseconds> units[] = {{"us", 1us}, {"ms", 1ms}, {"s", 1s}};
  for (const auto& [name, size] : units)
    if (error == std::errc() && unit == name && value > 0 && value <= std::uint64_t(10s / size))
      return size * static_cast<std::int64_t>(value);
  refuse("expected a time up to 10s, such as 5ms, found " + quoted(text));
}

fault read_fault(std::string_view text) {
  std::string known;
  for (const auto& [name, what] : names) {
    if (name == text) return what;
    known.append(known.empty() ? "" : ", ").append(name);
  }
  refuse("unknown fault " + quoted(text) + ": known are " + known + ", none, seed=N");
}

// Takes a word off the front of the text if it is that one.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word) || (text.size() > word.size() && text[word.size()] != ' ')) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const std::string_view out = text.substr(0, end);
  text = trimmed(text.substr(end));
  return out;
}

void read_place(std::string_view text, rule& out) {
  const std::string whole(text);
  if (take(text, "made"))
    out.on = side::made;
  else if (take(text, "accepted"))
    out.on = side::accepted;
  if (take(text, "connection"))
    out.connection = read_number(take_word(text), "the number of a connection", 1);
  else if (out.on != side::either && !take(text, "connections"))
    refuse("expected 'connection N' or 'connections' in " + quoted(whole));
  if (take(text, "after")) {
    out.after = read_number(take_word(text), "a number of messages", 0);
    if (!take(text, "messages") && !take(text, "message")) refuse("expected 'messages' in " + quoted(whole));
  }
  if (!text.empty())
    refuse("expected a place such as 'connection 2 after 3 messages', found " + quoted(whole));
}

}  // namespace

std::string_view to_text(fault what) noexcept {
  for (const auto& [name, is] : names)
    if (is == what) return name;
  return "fault";
}

void chaos_plan::read(std::string_view text, const std::string& source) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    rest = rest.substr(0, rest.find('#'));
    try {
      while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        if (const std::string_view one = trimmed(rest.substr(0, comma)); !one.empty()) read_statement(one);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    } catch (const std::invalid_argument& error) {
      const bool many = source.starts_with('/');
      throw settings_error(source + (many ? ":" + std::to_string(line) : "") + ": " + error.what());
    }
  }
}

void chaos_plan::read_statement(std::string_view text) {
  if (text.starts_with("seed=")) {
    seed = read_number(text.substr(5), "a seed", 0);
    return;
  }
  settled_ = true;
  if (text == "none") return;
  rule out;
  if (const auto colon = text.find(':'); colon != text.npos) {
    read_place(trimmed(text.substr(0, colon)), out);
    text = trimmed(text.substr(colon + 1));
  }
  const auto equals = text.find('=');
  out.what = read_fault(trimmed(text.substr(0, equals)));
  const bool timed = out.what == fault::delay || out.what == fault::coalesce;
  if (timed) out.most = 5ms;
  if (equals != text.npos) {
    if (!timed) refuse(quoted(to_text(out.what)) + " takes no value, found " + quoted(text));
    out.most = read_time(trimmed(text.substr(equals + 1)));
  }
  if (out.after && (timed || out.what == fault::split || out.what == fault::refuse))
    refuse(quoted(to_text(out.what)) + " does not wait for a message: leave out 'after'");
  rules.push_back(out);
}

chaos_plan chaos_plan::of_environment() {
  const auto variable = [](const char* name) {
    const char* const text = std::getenv(name);
    return std::string(text ? text : "");
  };
  chaos_plan out;
  if (const std::string seed = variable("TRACTOR_SEED"); !seed.empty())
    out.read("seed=" + seed, "TRACTOR_SEED");
  if (const std::string path = variable("TRACTOR_CHAOS_SCRIPT"); !path.empty()) {
    // Children may have another working directory.
    if (!path.starts_with('/'))
      throw settings_error("TRACTOR_CHAOS_SCRIPT: expected a whole path, from /, found " + quoted(path));
    std::ifstream file(path);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
      throw settings_error("TRACTOR_CHAOS_SCRIPT: " + path + " cannot be read, or is empty");
    out.read(text.str(), path);
  }
  out.read(variable("TRACTOR_CHAOS"), "TRACTOR_CHAOS");
  if (!out.settled()) out.read("delay=1ms,split,coalesce=1ms", "the default");
  return out;
}

}  // namespace tractor::chaos
