// Random trees with contexts and streams, to which everything happens at random instants: errors, cancels,
// signals. A round that ends without a hang, leaves nothing behind and blames the right actors is a good one.
//
// Each round has a seed of its own, counted on from that of the run: a bad one is repeated as the first of a
// run with `--seed`.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <tractor/harness/harness.hpp>

#include "../heartbeats.hpp"
#include "process_table.hpp"
#include "soak_tree.hpp"
#include "soak_verdict.hpp"

namespace soak {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

std::chrono::nanoseconds bound_of_all() {
  return std::getenv("TRACTOR_TEST_FULL") ? std::chrono::nanoseconds(1h) : 200s;
}

/// What this process holds between two rounds.
class holdings {
 public:
  static holdings now() {
    holdings out;
    for (const auto& each : harness::detail::descendants_of(::getpid())) out.processes_.insert(each.pid);
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++out.fds_;
    return out;
  }
  /// What there is beyond `before`, in words; empty if nothing.
  std::string beyond(const holdings& before) const {
    std::string out;
    for (const auto& each : harness::detail::descendants_of(::getpid()))
      if (before.processes_.count(each.pid) == 0) out += " " + std::to_string(each.pid) + " " + each.what;
    if (fds_ > before.fds_) out += " " + std::to_string(fds_ - before.fds_) + " descriptors";
    return out;
  }

 private:
  std::set<pid_t> processes_;
  std::size_t fds_ = 0;
};

/// The actors of a round that are there now: pid and name.
std::vector<std::pair<pid_t, std::string>> actors_of(const round_plan& plan) {
  std::vector<std::pair<pid_t, std::string>> out;
  const auto all = harness::detail::descendants_of(::getpid());
  std::map<pid_t, std::string> titles;
  for (const auto& each : all) titles[each.pid] = each.what;
  for (const auto& each : all) {
    const std::string begin = "_subactor[";
    if (each.zombie() || !each.what.starts_with(begin + plan.prefix)) continue;
    // A copy of its parent that has not become a program of its own yet bears the parent's name.
    if (titles[each.parent] == each.what) continue;
    out.emplace_back(each.pid, each.what.substr(begin.size(), each.what.find('@') - begin.size()));
  }
  return out;
}

// Those of them who have booted. Whoever stands still before is missed only when its boot takes too long.
task<> leave_registered(std::vector<std::pair<pid_t, std::string>>& actors) {
  const auto table = co_await get_registry();
  std::erase_if(actors, [&](const auto& each) {
    const auto entry = table.lower_bound(each.second + ".");
    return entry == table.end() || !entry->first.starts_with(each.second + ".");
  });
}

task<> strike(const round_plan& plan, blow with, verdict& judged) {
  co_await sleep(std::chrono::milliseconds(with.at_ms));
  auto there = actors_of(plan);
  const bool stops = with.signal == SIGSTOP;
  if (stops && plan.waits_for_silence) co_await leave_registered(there);
  if (there.empty()) co_return;
  const auto& [pid, name] = there[with.pick % there.size()];
  judged.hit(name);
  if (stops) judged.stopped(name);
  harness::detail::signal_process(pid, with.signal);
}

task<> live_all(const round_plan& plan, verdict& judged, int& count) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (const actor_plan& each : plan.top) tn.start_soon(raise_actor, std::ref(an), each, std::ref(count));
      for (const blow& each : plan.blows) tn.start_soon(strike, std::cref(plan), each, std::ref(judged));
      co_return;
    });
  });
}

/// Lives through one round; yields what is wrong with it.
task<std::vector<std::string>> run_round(const round_plan& plan) {
  verdict judged(plan);
  int count = 0;
  const holdings before = holdings::now();
  std::exception_ptr error;
  try {
    const duration bound = std::chrono::duration_cast<duration>(20s * head_room());
    co_await fail_after(bound, [&]() -> task<> {
      if (plan.cancelled_at_ms)
        co_await move_on_after(std::chrono::milliseconds(*plan.cancelled_at_ms),
                               live_all(plan, judged, count));
      else
        co_await live_all(plan, judged, count);
    });
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  std::vector<std::string> wrong = judged.complaints(error);
  if (plan.harmful() && !error) wrong.push_back("an actor met its fate, and nobody was told");
  if (plan.harmless() && error) wrong.push_back("nothing has happened, and yet: " + describe(error));
  if (plan.harmless() && !error && count != plan.expected_count())
    wrong.push_back(std::to_string(count) + " actors have answered in place of " +
                    std::to_string(plan.expected_count()));
  std::string left = holdings::now().beyond(before);
  for (int tries = 0; !left.empty() && tries < 100; ++tries) {
    co_await sleep(20ms);
    left = holdings::now().beyond(before);
  }
  if (!left.empty()) wrong.push_back("left behind:" + left);
  co_return wrong;
}

task<> live_rounds() {
  // What a loop makes at its first connection stays open for its life.
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&chatter>());
    co_await kid.cancel_actor();
  });
  const std::uint64_t first = seed();
  for (int i = 0; i < harness::count(6, 500); ++i) {
    const round_plan plan(first + static_cast<std::uint64_t>(i));
    std::cout << plan.text() << std::endl;
    const std::vector<std::string> wrong = co_await run_round(plan);
    for (const std::string& each : wrong) ADD_FAILURE() << "repeat with --seed " << plan.seed << ": " << each;
    if (!wrong.empty()) co_return;
  }
}

// Whoever is stopped is missed within a round; an actor that is only slow has time enough not to be.
TRACTOR_CELL_TEST(soak, of_random_trees_ends_in_order_whatever_happens,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp),
                  timeout(bound_of_all()), label("slow")) {
  const process_tests::short_heartbeats config(tmp / "config.yaml", 500ms, 2s);
  run_tree(process_tests::tree_of(method, proto, addr), &live_rounds);
}

}  // namespace soak
