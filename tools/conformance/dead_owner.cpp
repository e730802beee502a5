#include "dead_owner.hpp"

#include <chrono>

#include "other_process.hpp"
#include "streams.hpp"

namespace tractor::conformance {

using namespace std::chrono_literals;

std::string killed_listener(const subject& it, pid_t* pid) {
  other_process owner([&](report_pipe& told) { return listen_for_ever(it, told); });
  if (pid) *pid = owner.pid();
  return owner.next_line();
}

address read_own(const subject& it, const std::string& text) {
  const auto where = over(it).parse(text);
  require(where.has_value(), "parse() does not know its own " + text);
  return *where;
}

leftovers left_at(const subject& it, const std::string& text) {
  leftovers found = over(it).scan();
  std::erase_if(found, [&](const leftover& one) { return text.find(one.name) == std::string::npos; });
  return found;
}

void remove_what_is_left_at(const subject& it, const std::string& text) {
  // What is locked by another one now is tried again.
  const auto until = std::chrono::steady_clock::now() + 3s;
  for (leftovers found = left_at(it, text); !found.empty(); found = left_at(it, text)) {
    const reap_report report = over(it).reap(found);
    const std::size_t told = report.removed.size() + report.killed.size() + report.failed.size();
    require(told == found.size(),
            "reap() tells of " + std::to_string(told) + " leftovers of " + std::to_string(found.size()));
    if (std::chrono::steady_clock::now() < until) continue;
    throw broken(found.front().name + " is not removed" +
                 (report.failed.empty() ? "" : ": " + report.failed.front().detail));
  }
}

}  // namespace tractor::conformance
