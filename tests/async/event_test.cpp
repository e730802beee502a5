#include "support.hpp"

namespace event_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<event> && !std::is_move_constructible_v<event>);

TEST(event, wakes_everybody_in_the_order_they_came) {
  std::string order;
  run([&]() -> task<> {
    event ready;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (char name : {'a', 'b', 'c'})
        tn.start_soon(
            [&](char me) -> task<> {
              co_await ready.wait();
              order += me;
            },
            name);
      co_await sleep(1s);
      EXPECT_EQ(order, "");
      EXPECT_FALSE(ready.is_set());
      ready.set();
      ready.set();
      EXPECT_TRUE(ready.is_set());
    });
  });
  EXPECT_EQ(order, "abc");
}

TEST(event, waiting_for_one_that_is_set_is_still_a_checkpoint) {
  run([]() -> task<> {
    event ready;
    ready.set();
    bool other_ran = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        other_ran = true;
        co_return;
      });
      co_await ready.wait();
      EXPECT_TRUE(other_ran);
    });
    auto done = co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await ready.wait();
    });
    EXPECT_TRUE(done.cancelled_caught());
  });
}

TEST(event, a_cancelled_waiter_leaves_and_the_others_stay) {
  run([]() -> task<> {
    event ready;
    int woken = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await ready.wait();
        ++woken;
      });
      EXPECT_FALSE(co_await move_on_after(1s, ready.wait()));
      EXPECT_EQ(woken, 0);
      ready.set();
    });
    EXPECT_EQ(woken, 1);
  });
}

TEST(event, set_and_cancelled_in_one_turn_wakes_the_waiter_once) {
  for (bool set_first : {true, false}) {
    int resumed = 0;
    run([&]() -> task<> {
      event ready;
      cancel_scope scope;
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> {
          co_await scope.run([&]() -> task<> {
            try {
              co_await ready.wait();
              EXPECT_TRUE(set_first);
            } catch (const cancelled&) {
              EXPECT_FALSE(set_first);
            }
            ++resumed;
          });
        });
        co_await sleep(1s);
        if (set_first) ready.set();
        scope.cancel();
        ready.set();
      });
    });
    EXPECT_EQ(resumed, 1);
  }
}

TEST(event, fits_where_a_deadline_takes_a_task) {
  run([]() -> task<> {
    event ready;
    EXPECT_THROW(co_await fail_after(1s, ready.wait()), too_slow_error);
    ready.set();
    EXPECT_TRUE(co_await move_on_after(1s, ready.wait()));
    co_await shielded(ready.wait());
  });
}

}  // namespace event_test
