// A cancel that goes from actor to actor keeps what began it: on whose behalf, and why.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace cancel_cause_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

task<> waits(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

// Has a child of its own, which ends with it.
task<> keeps_a_child(context<starts<void>>& ctx) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("child", expose<&waits>());
    co_await ctx.started();
    co_await sleep_forever();
  });
}

// What a third one is told that is in the middle of something with the child, when `end` ends its parent.
task<> expect_cause(std::function<task<>(portal)> end) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal parent = co_await an.start_actor("parent", expose<&keeps_a_child>());
    event ready;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        portal child = co_await wait_for_actor("child");
        auto body = [&](auto&) -> task<> {
          ready.set();
          co_await sleep_forever();
        };
        auto cancel = co_await raises<context_cancelled>(child.open_context<&waits>(body));
        EXPECT_EQ(cancel.canceller(), parent.peer());
        EXPECT_EQ(cancel.originator(), current_actor().id());
        EXPECT_EQ(cancel.reason(), "enough of it");
      });
      auto body = [&](auto& ctx) -> task<> {
        co_await ready.wait();
        co_await end(parent);
        co_await ctx.cancel("enough of it");
      };
      try {
        co_await parent.open_context<&keeps_a_child>(body);
      } catch (const context_cancelled&) {
        // The whole actor was.
      }
    });
    an.cancel();
  });
}

TRACTOR_TEST(cancel_cause, of_a_task_is_told_to_those_whom_its_end_ends) {
  co_await expect_cause([](portal) -> task<> { co_return; });
}

TRACTOR_TEST(cancel_cause, of_a_whole_actor_is_told_to_those_whom_its_end_ends) {
  co_await expect_cause([](portal parent) -> task<> {
    const duration by_default = duration::zero();
    co_await parent.cancel_actor(by_default, "enough of it");
  });
}

}  // namespace cancel_cause_test
