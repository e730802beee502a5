// What a death in the tree does to those who are not part of it.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

namespace orphans_test {

task<int> who() { co_return ::getpid(); }

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

}  // namespace orphans_test

using namespace orphans_test;

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
