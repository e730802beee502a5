// The rules of plugin/transport.hpp and plugin/leftovers.hpp for what a dead owner leaves.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "dead_owner.hpp"
#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void scan_spares_the_living(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const leftovers found = over(it).scan();
    for (const leftover& one : found)
      require(door->bound().text().find(one.name) == std::string::npos, one.name + " is in use");
  });
}

std::chrono::nanoseconds time_on_a_processor() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// The best of several, as what another run has just left may be found once.
void scan_costs_next_to_nothing(const subject& it) {
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto before = time_on_a_processor();
    over(it).scan();
    best = std::min(best, time_on_a_processor() - before);
  }
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(best);
  require(best < 20ms, "a scan() takes " + std::to_string(spent.count()) + " ms of a processor");
}

void what_a_killed_owner_left_is_removed(const subject& it) {
  if (!over(it).crosses_processes()) throw not_applicable("both ends are in one process");
  const std::string text = killed_listener(it);
  const address where = read_own(it, text);
  std::string end;
  run_loop([&]() -> task<> {
    auto work = over(it).connect(where);
    const auto cut = co_await move_on_after(3s, note_end(std::move(work), &end));
    require(!cut.cancelled_caught(), "connect() to a dead listener waits");
  });
  require(end == "error", "connect() to a dead listener ended with: " + end);
  remove_what_is_left_at(it, text);
  run_loop([&]() -> task<> {
    const auto again = co_await over(it).listen(where);
    require(again->bound() == where, "listens at " + again->bound().text());
  });
}

void leftovers_say_what_they_are(const subject& it) {
  if (!over(it).crosses_processes()) throw not_applicable("both ends are in one process");
  pid_t owner = 0;
  const std::string text = killed_listener(it, &owner);
  const leftovers found = left_at(it, text);
  if (found.empty()) throw not_applicable("a killed owner leaves nothing");
  constexpr std::array kinds{"process", "socket", "shm", "dump", "file"};
  for (const leftover& one : found) {
    require(std::ranges::find(kinds, one.kind) != kinds.end(),
            one.name + " is of no known kind: " + one.kind);
    require(!one.detail.empty(), one.name + " does not say why it counts as left over");
    require(one.pid == 0 || one.pid == owner, one.name + " names pid " + std::to_string(one.pid) +
                                                  ", and its owner was " + std::to_string(owner));
  }
  remove_what_is_left_at(it, text);
}

// What was found has an owner again by the time it is to be removed. Where nothing is ever found, something
// is made up that names the living.
void reap_spares_the_living(const subject& it) {
  std::optional<address> where;
  leftovers found;
  if (over(it).crosses_processes()) {
    const std::string text = killed_listener(it);
    where = read_own(it, text);
    found = left_at(it, text);
    remove_what_is_left_at(it, text);
  } else {
    where = somewhere(it);
  }
  run_loop([&]() -> task<> {
    const auto door = co_await over(it).listen(*where);
    const address bound = door->bound();
    if (found.empty()) found.emplace_back("socket", bound.text(), ::getpid(), "made up");
    const reap_report report = over(it).reap(found);
    require(report.removed.empty() && report.killed.empty(),
            found.front().name + " is in use, and reap() says that it is gone");
    for (const leftover& one : report.failed)
      require(!one.detail.empty(), "reap() does not say why it leaves " + one.name);
    const auto near = co_await over(it).connect(bound);
    co_await send(*near, "x");
    const auto cut = co_await move_on_after(3s, accept_a_live_one(*door));
    require(!cut.cancelled_caught(), "after reap() the listener yields nothing");
  });
}

}  // namespace

const std::vector<rule>& leftover_rules() {
  static const std::vector<rule> all = {
      {"scan", "scan() names nothing that is in use", scan_spares_the_living},
      {"scan_cost", "scan() costs next to nothing", scan_costs_next_to_nothing},
      {"killed_owner", "what a killed owner left refuses, and is found and removed",
       what_a_killed_owner_left_is_removed},
      {"leftover", "what a killed owner left says what it is, whose, and why", leftovers_say_what_they_are},
      {"reap_living", "reap() refuses what a living owner holds", reap_spares_the_living},
  };
  return all;
}

}  // namespace tractor::conformance
