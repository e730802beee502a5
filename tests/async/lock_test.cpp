#include "support.hpp"

namespace lock_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_move_constructible_v<lock> && !std::is_move_constructible_v<semaphore>);
static_assert(std::is_nothrow_move_constructible_v<lock::guard> &&
              !std::is_copy_constructible_v<lock::guard>);

TEST(lock, one_task_at_a_time_holds_it) {
  int inside = 0, most = 0;
  run([&]() -> task<> {
    lock l;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 5; ++i)
        tn.start_soon([&]() -> task<> {
          auto held = co_await l.acquire();
          most = std::max(most, ++inside);
          co_await sleep(1s);
          --inside;
        });
      co_return;
    });
    EXPECT_FALSE(l.locked());
  });
  EXPECT_EQ(most, 1);
}

TEST(lock, is_handed_over_in_the_order_it_was_asked_for) {
  std::string order;
  run([&]() -> task<> {
    lock l;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (char name : {'a', 'b', 'c'}) {
        tn.start_soon(
            [&](char me) -> task<> {
              for (int i = 0; i < 2; ++i) {
                auto held = co_await l.acquire();
                order += me;
                co_await sleep(1s);
              }
            },
            name);
        co_await checkpoint();
      }
    });
  });
  EXPECT_EQ(order, "abcabc");
}

TEST(lock, acquiring_it_twice_in_one_task_is_an_error) {
  run([]() -> task<> {
    lock l;
    auto held = co_await l.acquire();
    EXPECT_TRUE(l.held_by_me());
    EXPECT_THROW((void)co_await l.acquire(), std::logic_error);
    held.unlock();
    EXPECT_FALSE(l.locked());
    EXPECT_THROW(held.unlock(), std::logic_error);
  });
}

TEST(lock, only_the_task_that_acquired_it_may_unlock_it) {
  run([]() -> task<> {
    lock l;
    auto held = co_await l.acquire();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_FALSE(l.held_by_me());
        EXPECT_THROW(held.unlock(), std::logic_error);
        co_return;
      });
      co_return;
    });
    EXPECT_TRUE(l.locked());
  });
}

TEST(lock, a_cancelled_waiter_leaves_the_queue) {
  run([]() -> task<> {
    lock l;
    auto held = co_await l.acquire();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { EXPECT_FALSE(co_await move_on_after(1s, l.acquire())); });
      co_await sleep(500ms);
      EXPECT_EQ(l.waiting(), 1u);
      co_await sleep(1s);
      EXPECT_EQ(l.waiting(), 0u);
    });
  });
}

TEST(lock, a_waiter_cancelled_after_the_hand_over_frees_it_again) {
  run([]() -> task<> {
    lock l;
    bool third = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto held = co_await l.acquire();
      cancel_scope scope;
      tn.start_soon([&]() -> task<> {
        co_await scope.run([&]() -> task<> {
          auto mine = co_await l.acquire();
          co_await checkpoint();
          ADD_FAILURE() << "the cancel came before this";
        });
      });
      tn.start_soon([&]() -> task<> {
        co_await sleep(1s);
        auto mine = co_await l.acquire();
        third = true;
      });
      co_await sleep(2s);
      held.unlock();
      scope.cancel();
      co_await sleep(1s);
    });
    EXPECT_TRUE(third);
    EXPECT_FALSE(l.locked());
  });
}

TEST(lock, an_error_in_the_section_frees_it) {
  run([]() -> task<> {
    lock l;
    auto failed = co_await capture([&]() -> task<> {
      auto held = co_await l.acquire();
      throw std::runtime_error("boom");
    });
    EXPECT_TRUE(failed.failed());
    EXPECT_FALSE(l.locked());
  });
}

TEST(semaphore, lets_as_many_in_as_it_has_permits) {
  int inside = 0, most = 0;
  run([&]() -> task<> {
    semaphore s(2);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 6; ++i)
        tn.start_soon([&]() -> task<> {
          auto permit = co_await s.acquire();
          most = std::max(most, ++inside);
          co_await sleep(1s);
          --inside;
        });
      co_await sleep(500ms);
      EXPECT_EQ(s.waiting(), 4u);
    });
    EXPECT_EQ(s.value(), 2u);
  });
  EXPECT_EQ(most, 2);
}

TEST(semaphore, a_kept_permit_is_released_by_hand_and_never_above_the_maximum) {
  run([]() -> task<> {
    semaphore s(1, 1);
    {
      auto permit = co_await s.acquire();
      permit.keep();
    }
    EXPECT_EQ(s.value(), 0u);
    s.release();
    EXPECT_EQ(s.value(), 1u);
    EXPECT_THROW(s.release(), std::logic_error);
  });
}

TEST(semaphore, a_cancelled_waiter_takes_no_permit) {
  run([]() -> task<> {
    semaphore s(0);
    EXPECT_FALSE(co_await move_on_after(1s, s.acquire()));
    s.release();
    EXPECT_EQ(s.value(), 1u);
  });
}

}  // namespace lock_test
