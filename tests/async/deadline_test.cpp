#include "support.hpp"

namespace deadline_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(std::is_base_of_v<std::runtime_error, too_slow_error>);

namespace {
time_point after(duration span) { return time_point{} + span; }
}  // namespace

TEST(deadline, move_on_after_cuts_off_a_body_that_is_late) {
  run([]() -> task<> {
    auto done = co_await move_on_after(1s, sleep(1h));
    EXPECT_FALSE(done);
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_EQ(current_time(), after(1s));
  });
}

TEST(deadline, move_on_after_yields_the_value_of_a_body_in_time) {
  run([]() -> task<> {
    auto done = co_await move_on_after(1s, []() -> task<int> {
      co_await sleep(500ms);
      co_return 5;
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(*done, 5);
    EXPECT_EQ(current_time(), after(500ms));
  });
}

TEST(deadline, move_on_after_zero_raises_at_the_first_checkpoint) {
  run([]() -> task<> {
    bool entered = false;
    for (duration span : {duration(0s), duration(-1s), duration::min()}) {
      auto done = co_await move_on_after(span, [&]() -> task<> {
        entered = true;
        co_await checkpoint();
        ADD_FAILURE() << "the deadline has passed";
      });
      EXPECT_TRUE(done.cancelled_caught());
    }
    EXPECT_TRUE(entered);
    EXPECT_TRUE(co_await move_on_after(0s, []() -> task<> { co_return; }));
  });
}

TEST(deadline, an_endless_span_never_passes) {
  run([]() -> task<> {
    EXPECT_TRUE(co_await move_on_after(duration::max(), sleep(1h)));
    EXPECT_TRUE(co_await move_on_at(time_point::max(), sleep(1h)));
  });
}

TEST(deadline, fail_after_throws_when_its_body_is_late) {
  run([]() -> task<> {
    EXPECT_THROW(co_await fail_after(1s, sleep_forever()), too_slow_error);
    EXPECT_THROW(co_await fail_at(after(3s), sleep_forever()), too_slow_error);
    EXPECT_EQ(current_time(), after(3s));
    EXPECT_EQ(co_await fail_after(1s, []() -> task<int> { co_return 2; }), 2);
  });
}

TEST(deadline, fail_after_does_not_hide_an_error_of_its_body) {
  run([]() -> task<> {
    auto late = []() -> task<> {
      try {
        co_await sleep_forever();
      } catch (const cancelled&) {
        throw std::invalid_argument("in clean-up");
      }
    };
    EXPECT_THROW(co_await fail_after(1s, late), std::invalid_argument);
  });
}

TEST(deadline, fail_after_inside_a_cancelled_scope_is_no_lateness) {
  run([]() -> task<> {
    auto outer = co_await move_on_after(1s, []() -> task<> { co_await fail_after(2s, sleep_forever()); });
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(deadline, of_an_outer_scope_passes_through_an_inner_one) {
  run([]() -> task<> {
    auto outer = co_await move_on_after(1s, []() -> task<> {
      co_await move_on_after(1h, sleep_forever());
      ADD_FAILURE() << "only the outer deadline has passed";
    });
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(deadline, when_two_pass_at_the_same_time_the_outer_one_absorbs) {
  run([]() -> task<> {
    auto outer = co_await move_on_after(1s, []() -> task<> {
      co_await move_on_after(1s, sleep_forever());
      co_await checkpoint();
      ADD_FAILURE() << "the outer deadline has passed too";
    });
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(deadline, moved_earlier_while_blocked_cuts_off_earlier) {
  run([]() -> task<> {
    cancel_scope scope(after(1h));
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_FALSE(co_await scope.run(sleep_forever()));
        EXPECT_EQ(current_time(), after(2s));
      });
      co_await sleep(1s);
      scope.set_deadline(after(2s));
    });
  });
}

TEST(deadline, moved_later_while_blocked_gives_more_time) {
  run([]() -> task<> {
    cancel_scope scope(after(2s));
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_FALSE(co_await scope.run(sleep_forever()));
        EXPECT_EQ(current_time(), after(5s));
      });
      co_await sleep(1s);
      scope.set_deadline(after(5s));
      EXPECT_EQ(scope.deadline(), after(5s));
    });
  });
}

TEST(deadline, taken_away_while_blocked_never_passes) {
  run([]() -> task<> {
    cancel_scope scope(after(2s));
    co_await scope.run([&]() -> task<> {
      scope.set_deadline(time_point::max());
      co_await sleep(1h);
    });
    EXPECT_FALSE(scope.cancel_called());
  });
}

TEST(deadline, moved_into_the_past_cancels_though_other_tasks_never_rest) {
  run([]() -> task<> {
    cancel_scope scope;
    bool cut = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        while (!cut) co_await checkpoint();
      });
      tn.start_soon([&]() -> task<> { cut = (co_await scope.run(sleep_forever())).cancelled_caught(); });
      for (int i = 0; i < 3; ++i) co_await checkpoint();
      scope.set_deadline(current_time() - 1s);
      EXPECT_TRUE(scope.cancel_called());
    });
    EXPECT_TRUE(cut);
  });
}

TEST(deadline, past_before_the_scope_is_entered_cancels_at_the_first_checkpoint) {
  run([]() -> task<> {
    co_await sleep(5s);
    cancel_scope scope(after(1s));
    EXPECT_FALSE(scope.cancel_called());
    EXPECT_FALSE(co_await scope.run(sleep_forever()));
    EXPECT_EQ(current_time(), after(5s));
  });
}

TEST(deadline, in_the_real_clock_cancel_called_sees_it_before_the_loop_does) {
  run_loop([]() -> task<> {
    cancel_scope scope(current_time() + 1us);
    co_await scope.run([&]() -> task<> {
      const auto limit = std::chrono::steady_clock::now() + 5s;
      while (!scope.cancel_called() && std::chrono::steady_clock::now() < limit) {
      }
      EXPECT_TRUE(scope.cancel_called());
      co_return;
    });
  });
}

TEST(deadline, equal_ones_pass_in_the_order_they_were_set) {
  std::string order;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (char name = 'a'; name <= 'p'; ++name)
        tn.start_soon(
            [&](char me) -> task<> {
              co_await sleep(1s);
              order += me;
            },
            name);
      co_return;
    });
  });
  EXPECT_EQ(order, "abcdefghijklmnop");
}

TEST(deadline, many_of_them_pass_in_the_order_of_time) {
  std::vector<int> order;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 1000; ++i)
        tn.start_soon(
            [&](int ms) -> task<> {
              co_await sleep(std::chrono::milliseconds(ms));
              order.push_back(ms);
            },
            (i * 7919) % 1000);
      co_return;
    });
  });
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(deadline, current_effective_deadline_is_the_earliest_up_to_a_shield) {
  run([]() -> task<> {
    EXPECT_EQ(current_effective_deadline(), time_point::max());
    co_await move_on_after(5s, []() -> task<> {
      EXPECT_EQ(current_effective_deadline(), after(5s));
      co_await move_on_after(9s, []() -> task<> {
        EXPECT_EQ(current_effective_deadline(), after(5s));
        co_return;
      });
      co_await move_on_after(2s, []() -> task<> {
        EXPECT_EQ(current_effective_deadline(), after(2s));
        co_return;
      });
      co_await shielded([](cancel_scope& s) -> task<> {
        EXPECT_EQ(current_effective_deadline(), time_point::max());
        s.set_deadline(after(8s));
        EXPECT_EQ(current_effective_deadline(), after(8s));
        co_return;
      });
      co_await with_cancel_scope([](cancel_scope& s) -> task<> {
        s.cancel();
        EXPECT_EQ(current_effective_deadline(), time_point::min());
        co_return;
      });
    });
  });
  EXPECT_EQ(current_effective_deadline(), time_point::max());
}

TEST(deadline, sleeping_until_the_past_is_a_checkpoint) {
  run([]() -> task<> {
    bool other_ran = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        other_ran = true;
        co_return;
      });
      co_await sleep(-1s);
      EXPECT_TRUE(other_ran);
    });
    co_await with_cancel_scope([](cancel_scope& s) -> task<> {
      s.cancel();
      co_await sleep_until(time_point::min());
      ADD_FAILURE() << "a checkpoint raises";
    });
  });
}

TEST(deadline, sleeping_takes_the_time_asked_for_in_the_real_clock) {
  run_loop([]() -> task<> {
    const time_point before = std::chrono::steady_clock::now();
    co_await sleep(5ms);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 5ms);
  });
}

}  // namespace deadline_test
