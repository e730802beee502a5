// What a death in the tree does to those who are not part of it.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "process_table.hpp"

namespace orphans_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

task<int> who() { co_return ::getpid(); }

// A branch of so many actors; starts with their pids from the top.
task<> branch(context<starts<std::vector<int>>>& ctx, int depth) {
  std::vector<int> pids{::getpid()};
  if (depth == 1) {
    co_await ctx.started(pids);
    co_await sleep_forever();
  }
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&branch>());
    co_await kid.open_context<&branch>(depth - 1, [&](auto&, std::vector<int> below) -> task<> {
      pids.insert(pids.end(), below.begin(), below.end());
      co_await ctx.started(pids);
      co_await sleep_forever();
    });
  });
}

// A child that is killed as soon as it is there; its end is looked after like any other.
task<> lose_one() {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    auto victim = co_await an.start_actor("victim", expose<&who>());
    ::kill(victim.peer().pid(), SIGKILL);
    co_await sleep_forever();
  });
  auto error = co_await raises<actor_failure>(std::move(failing));
  EXPECT_EQ(error.who().name(), "victim");
  EXPECT_EQ(error.status().signo(), SIGKILL);
}

// What a dead child leaves is looked for among our processes: one that has just been made is no orphan.
TRACTOR_TEST(orphans, the_death_of_a_child_spares_siblings_that_are_being_born) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    std::vector<portal> kids;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 3; ++i) tn.start_soon(&lose_one);
      for (int i = 0; i < 4; ++i)
        tn.start_soon([&]() -> task<> {
          for (int n = 0; n < 4; ++n) {
            auto kid = co_await an.start_actor("kid", expose<&who>());
            kids.push_back(kid);
          }
        });
      co_return;
    });
    // All three victims are looked after by now, which takes what time the kill ladder has at most.
    EXPECT_EQ(kids.size(), 16u);
    for (const portal& kid : kids) {
      auto process = co_await kid.run<&who>();
      EXPECT_EQ(process, kid.peer().pid());
    }
    an.cancel();
  });
}

// Our child of this name, as soon as it bears it.
task<pid_t> newborn(std::string name) {
  for (;;) {
    for (const auto& each : harness::detail::descendants_of(::getpid()))
      if (each.what.starts_with("_subactor[" + name + "@")) co_return each.pid;
    co_await sleep(100us);
  }
}

task<> kill_newborn(std::string name, std::chrono::microseconds after) {
  const pid_t victim = co_await newborn(name);
  co_await sleep(after);
  ::kill(victim, SIGKILL);
}

// Whichever step of its boot it dies in, before, at or behind its handshake: its end is told, and not what a
// socket or a pipe made of it.
TRACTOR_TEST(orphans, a_child_that_is_killed_in_its_boot_is_named_with_its_end) {
  for (int i = 0; i < harness::count(20, 300); ++i) {
    std::string error;
    try {
      co_await open_nursery([&](actor_nursery& an) -> task<> {
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          tn.start_soon(kill_newborn, std::string("newborn"), std::chrono::microseconds(i % 30 * 200));
          auto made = co_await an.start_actor("newborn", expose<&who>());
          co_await sleep_forever();
        });
      });
    } catch (const cancelled&) {
      throw;
    } catch (const std::exception&) {
      error = describe(std::current_exception());
    }
    EXPECT_THAT(error, HasSubstr("newborn@"));
    EXPECT_THAT(error, Not(HasSubstr("transport_closed")));
  }
}

// All of a branch die before the one above can look after them: what they have not reaped comes to the root.
TRACTOR_TEST(orphans, of_orphans_are_ended_and_reaped_too) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    auto top = co_await an.start_actor("top", expose<&branch>());
    co_await top.open_context<&branch>(3, [](auto&, std::vector<int> pids) -> task<> {
      for (int pid : pids) ::kill(pid, SIGSTOP);
      for (auto each = pids.rbegin(); each != pids.rend(); ++each) ::kill(*each, SIGKILL);
      co_await sleep_forever();
    });
  });
  auto error = co_await raises<actor_failure>(std::move(failing));
  EXPECT_EQ(error.who().name(), "top");
  // The harness looks for zombies when the test is over.
}

}  // namespace orphans_test
