#include "replay.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

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

}  // namespace

std::vector<std::string> runtime_variables() {
  std::vector<std::string> out;
  for (char** it = ::environ; it && *it; ++it)
    if (const std::string_view text = *it; text.starts_with("TRACTOR_")) out.emplace_back(text);
  std::ranges::sort(out);
  return out;
}

std::string replay_command(const std::string& test) {
  const session& chosen = current_session();
  std::string out;
  for (const std::string& each : chosen.variables) {
    const std::size_t value = each.find('=') + 1;
    out += each.substr(0, value) + one_word(each.substr(value)) + " ";
  }
  out += one_word(std::filesystem::read_symlink("/proc/self/exe").string());
  const std::string where = test.substr(test.rfind('/') + 1);
  for (const std::string& backend : chosen.backends)
    for (const std::string& transport : chosen.transports)
      if (where == cell(backend, transport).id())
        out += " --spawn-backend=" + backend + " --tpt-proto=" + transport;
  out += " --seed=" + std::to_string(chosen.seed);
  return out + " " + one_word("--gtest_filter=" + test);
}

}  // namespace tractor::harness::detail
