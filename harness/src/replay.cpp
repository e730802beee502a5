#include "replay.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "joined.hpp"
#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {
namespace {

// As a shell reads it for one word.
std::string one_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos) return text;
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

std::vector<std::string> kept_words;

}  // namespace

void keep_for_replay(const flags& given) {
  kept_words.clear();
  if (given.isolate) kept_words.push_back(std::string("--isolate=") + word_of(*given.isolate));
  if (given.timeout_scale) {
    char text[32];
    std::snprintf(text, sizeof text, "--timeout-scale=%g", *given.timeout_scale);
    kept_words.push_back(text);
  }
  const choices& said = given.runtime;
  if (said.loglevel) kept_words.push_back("--ll=" + log::level_name(*said.loglevel));
  if (said.log_spec) kept_words.push_back("--tl=" + *said.log_spec);
  if (said.debug_mode.value_or(false)) kept_words.push_back("--debug-mode");
  if (said.enable_stackscope.value_or(false)) kept_words.push_back("--enable-stackscope");
  if (given.config_file) kept_words.push_back("--config=" + *given.config_file);
  if (!said.plugin_path.empty()) kept_words.push_back("--plugin-path=" + joined(said.plugin_path, ":"));
}

std::vector<std::string> runtime_variables() {
  std::vector<std::string> out;
  for (char** it = ::environ; it && *it; ++it)
    if (const std::string_view text = *it; text.starts_with("TRACTOR_")) out.emplace_back(text);
  std::ranges::sort(out);
  return out;
}

std::string replay_command(const std::string& program, const std::string& test) {
  const session& chosen = current_session();
  std::string out;
  for (const std::string& each : chosen.variables) {
    const std::size_t value = each.find('=') + 1;
    out += each.substr(0, value) + one_word(each.substr(value)) + " ";
  }
  out += one_word(program);
  const std::string where = test.substr(test.rfind('/') + 1);
  for (const std::string& backend : chosen.backends)
    for (const std::string& transport : chosen.transports)
      if (where == cell(backend, transport).id())
        out += " --spawn-backend=" + backend + " --tpt-proto=" + transport;
  for (const std::string& each : kept_words) out += " " + one_word(each);
  out += " --seed=" + std::to_string(chosen.seed);
  return out + " " + one_word("--gtest_filter=" + test);
}

}  // namespace tractor::harness::detail
