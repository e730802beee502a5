#include "support.hpp"

namespace shield_test {

using namespace tractor;
using namespace tractor::testing;

TEST(shield, delays_an_outer_cancel_until_its_exit) {
  run([]() -> task<> {
    bool inside = false, after = false;
    auto outer = co_await move_on_after(1s, [&]() -> task<> {
      co_await shielded([&]() -> task<> {
        co_await sleep(5s);
        inside = true;
      });
      co_await checkpoint();
      after = true;
    });
    EXPECT_TRUE(inside);
    EXPECT_FALSE(after);
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(shield, yields_the_value_of_its_body) {
  EXPECT_EQ(run([]() -> task<int> { co_return co_await shielded([]() -> task<int> { co_return 4; }); }), 4);
}

TEST(shield, its_own_scope_can_still_be_cancelled_from_inside_and_outside) {
  run([]() -> task<> {
    cancel_scope scope(time_point::max(), true);
    bool cut = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { cut = (co_await scope.run(sleep_forever())).cancelled_caught(); });
      co_await sleep(1s);
      scope.cancel();
    });
    EXPECT_TRUE(cut);
  });
}

TEST(shield, a_shielded_block_cut_off_from_inside_before_its_value_is_an_error) {
  run([]() -> task<> {
    auto kept = co_await capture(shielded([](cancel_scope& s) -> task<int> {
      s.cancel();
      co_await checkpoint();
      co_return 1;
    }));
    EXPECT_TRUE(is_error<std::logic_error>(kept.error()));
  });
}

TEST(shield, lowered_while_blocked_delivers_the_outer_cancel_at_once) {
  run([]() -> task<> {
    cancel_scope outer, shield(time_point::max(), true);
    time_point ended;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await outer.run([&]() -> task<> { co_await shield.run(sleep_forever()); });
        ended = current_time();
      });
      co_await sleep(1s);
      outer.cancel();
      co_await sleep(1s);
      EXPECT_EQ(ended, time_point{});
      shield.set_shield(false);
      co_await sleep(1s);
    });
    EXPECT_EQ(ended, time_point{} + 2s);
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(shield.cancelled_caught());
  });
}

TEST(shield, raised_under_a_cancelled_scope_lets_work_go_on) {
  run([]() -> task<> {
    bool slept = false;
    auto outer = co_await with_cancel_scope([&](cancel_scope& o) -> task<> {
      co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
        o.cancel();
        s.set_shield(true);
        co_await sleep(1s);
        slept = true;
        s.set_shield(false);
        co_await sleep(1s);
        ADD_FAILURE() << "the shield is down";
      });
    });
    EXPECT_TRUE(slept);
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(shield, raised_by_a_sibling_after_the_cancel_reached_the_task_comes_too_late) {
  run([]() -> task<> {
    cancel_scope outer, shield;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(
          [&]() -> task<> { co_await outer.run([&]() -> task<> { co_await shield.run(sleep_forever()); }); });
      co_await sleep(1s);
      outer.cancel();
      shield.set_shield(true);
    });
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(shield.cancelled_caught());
  });
}

TEST(shield, protects_the_scopes_nested_inside_it) {
  run([]() -> task<> {
    bool slept = false;
    co_await move_on_after(1s, [&]() -> task<> {
      co_await shielded([&]() -> task<> {
        co_await with_cancel_scope([&]() -> task<> {
          co_await open_task_nursery([&](task_nursery& tn) -> task<> {
            tn.start_soon([&]() -> task<> {
              co_await sleep(5s);
              slept = true;
            });
            co_return;
          });
        });
      });
    });
    EXPECT_TRUE(slept);
  });
}

TEST(shield, a_cancelled_scope_inside_a_shield_absorbs_its_own_though_the_outer_one_is_cancelled_too) {
  run([]() -> task<> {
    cancel_scope outer, inner;
    bool went_on = false;
    co_await outer.run([&]() -> task<> {
      outer.cancel();
      co_await shielded([&]() -> task<> {
        inner.cancel();
        co_await inner.run(sleep_forever());
        co_await checkpoint();
        went_on = true;
      });
      co_await checkpoint();
      ADD_FAILURE() << "the shield is behind us";
    });
    EXPECT_TRUE(went_on);
    EXPECT_TRUE(inner.cancelled_caught());
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(shield, a_cancelled_shield_absorbs_its_own_though_the_outer_one_is_cancelled_too) {
  run([]() -> task<> {
    cancel_scope outer, shield(time_point::max(), true);
    co_await outer.run([&]() -> task<> {
      outer.cancel();
      shield.cancel();
      co_await shield.run(sleep_forever());
      EXPECT_TRUE(shield.cancelled_caught());
      co_await checkpoint();
      ADD_FAILURE() << "the outer cancel is due";
    });
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

TEST(shield, may_be_raised_and_lowered_before_it_is_entered) {
  run([]() -> task<> {
    cancel_scope scope;
    scope.set_shield(true);
    EXPECT_TRUE(scope.shield());
    auto outer = co_await with_cancel_scope([&](cancel_scope& o) -> task<> {
      o.cancel();
      co_await scope.run(sleep(1s));
    });
    EXPECT_TRUE(outer);
  });
}

TEST(shield, an_outer_deadline_passes_while_it_is_up_and_counts_afterwards) {
  run([]() -> task<> {
    auto outer = co_await move_on_after(1s, [&]() -> task<> {
      co_await shielded(sleep(3s));
      EXPECT_EQ(current_time(), time_point{} + 3s);
      co_await sleep(1s);
    });
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_EQ(current_time(), time_point{} + 3s);
  });
}

}  // namespace shield_test
