#include "support.hpp"

namespace cancel_scope_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<cancel_scope> && !std::is_move_constructible_v<cancel_scope>);
static_assert(!std::is_base_of_v<std::exception, cancelled>,
              "a handler for std::exception must not swallow it");
static_assert(!std::is_default_constructible_v<cancelled>, "users cancel scopes instead");
static_assert(!std::is_convertible_v<timed<int>, bool> && std::is_constructible_v<bool, timed<int>>);

TEST(cancel_scope, absorbs_its_own_cancellation) {
  run([]() -> task<> {
    cancel_scope scope;
    auto done = co_await scope.run([](cancel_scope& s) -> task<> {
      s.cancel();
      co_await checkpoint();
      ADD_FAILURE() << "the checkpoint raises";
    });
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_TRUE(scope.cancel_called());
  });
}

TEST(cancel_scope, yields_the_value_of_a_body_that_finished) {
  run([]() -> task<> {
    auto done = co_await with_cancel_scope([]() -> task<std::string> { co_return "value"; });
    EXPECT_TRUE(done);
    EXPECT_EQ(*done, "value");
  });
}

TEST(cancel_scope, a_body_without_a_checkpoint_after_the_cancel_finishes) {
  run([]() -> task<> {
    auto done = co_await with_cancel_scope([](cancel_scope& s) -> task<int> {
      s.cancel();
      co_return 3;
    });
    EXPECT_FALSE(done.cancelled_caught());
    EXPECT_EQ(*done, 3);
  });
}

TEST(cancel_scope, raises_again_at_each_checkpoint_until_it_is_left) {
  int raised = 0;
  run([&]() -> task<> {
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      for (int i = 0; i < 4; ++i) {
        try {
          co_await checkpoint();
        } catch (const cancelled&) {
          ++raised;
        }
      }
    });
    co_await checkpoint();
  });
  EXPECT_EQ(raised, 4);
}

TEST(cancel_scope, a_task_that_swallows_the_cancel_may_still_return_a_value) {
  run([]() -> task<> {
    auto done = co_await move_on_after(1s, []() -> task<int> {
      try {
        co_await sleep_forever();
      } catch (const cancelled&) {
      }
      co_return 7;
    });
    EXPECT_FALSE(done.cancelled_caught());
    EXPECT_EQ(*done, 7);
  });
}

TEST(cancel_scope, a_copy_of_the_cancellation_counts_as_the_cancellation) {
  run([]() -> task<> {
    auto done = co_await move_on_after(1s, []() -> task<> {
      try {
        co_await sleep_forever();
      } catch (const cancelled& c) {
        throw c;
      }
    });
    EXPECT_TRUE(done.cancelled_caught());
  });
}

TEST(cancel_scope, a_checkpoint_raises_when_the_cancel_came_during_its_turn) {
  run([]() -> task<> {
    cancel_scope scope;
    bool raised = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        scope.cancel();
        co_return;
      });
      co_await scope.run([&]() -> task<> {
        try {
          co_await checkpoint();
        } catch (const cancelled&) {
          raised = true;
          throw;
        }
      });
    });
    EXPECT_TRUE(raised);
  });
}

TEST(cancel_scope, cancelled_before_it_is_entered_raises_at_the_first_checkpoint) {
  run([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    scope.cancel();
    bool entered = false;
    auto done = co_await scope.run([&]() -> task<> {
      entered = true;
      co_await checkpoint();
      ADD_FAILURE() << "the checkpoint raises";
    });
    EXPECT_TRUE(entered);
    EXPECT_TRUE(done.cancelled_caught());
  });
}

TEST(cancel_scope, can_be_cancelled_by_a_sibling) {
  run([]() -> task<> {
    cancel_scope scope;
    bool cut = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { cut = (co_await scope.run(sleep_forever())).cancelled_caught(); });
      co_await sleep(1s);
      scope.cancel();
    });
    EXPECT_TRUE(cut);
  });
}

TEST(cancel_scope, an_inner_one_does_not_absorb_the_cancellation_of_an_outer_one) {
  run([]() -> task<> {
    cancel_scope inner;
    auto outer = co_await move_on_after(1s, [&]() -> task<> {
      co_await inner.run(sleep_forever());
      ADD_FAILURE() << "the outer cancel passes through";
    });
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_FALSE(inner.cancelled_caught());
  });
}

TEST(cancel_scope, an_outer_one_goes_on_after_an_inner_one_was_cancelled) {
  run([]() -> task<> {
    bool went_on = false;
    auto outer = co_await with_cancel_scope([&]() -> task<> {
      auto inner = co_await with_cancel_scope([](cancel_scope& s) -> task<> {
        s.cancel();
        co_await sleep_forever();
      });
      EXPECT_TRUE(inner.cancelled_caught());
      co_await checkpoint();
      went_on = true;
    });
    EXPECT_TRUE(went_on);
    EXPECT_TRUE(outer);
  });
}

TEST(cancel_scope, when_both_are_cancelled_the_outer_one_absorbs_whichever_came_first) {
  for (bool inner_first : {true, false}) {
    cancel_scope outer, inner;
    run([&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> {
          co_await outer.run([&]() -> task<> {
            co_await inner.run(sleep_forever());
            ADD_FAILURE() << "the outer cancel passes through";
          });
        });
        co_await sleep(1s);
        (inner_first ? inner : outer).cancel();
        (inner_first ? outer : inner).cancel();
      });
    });
    EXPECT_FALSE(inner.cancelled_caught());
    EXPECT_TRUE(outer.cancelled_caught());
  }
}

TEST(cancel_scope, an_ordinary_error_passes_through_a_cancelled_scope) {
  run([]() -> task<> {
    cancel_scope scope;
    auto failed = co_await capture(scope.run([](cancel_scope& s) -> task<> {
      s.cancel();
      throw std::runtime_error("boom");
      co_return;
    }));
    EXPECT_TRUE(failed.failed());
    EXPECT_FALSE(scope.cancelled_caught());
  });
}

TEST(cancel_scope, takes_the_cancellations_out_of_a_group_and_lets_the_errors_pass) {
  run([]() -> task<> {
    cancel_scope scope;
    auto failed = co_await capture(scope.run([](cancel_scope& s) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (int i = 0; i < 2; ++i)
          tn.start_soon([]() -> task<> {
            try {
              co_await sleep_forever();
            } catch (const cancelled&) {
              throw std::runtime_error("in clean-up");
            }
          });
        tn.start_soon(sleep_forever);
        co_await sleep(1s);
        s.cancel();
      });
    }));
    EXPECT_TRUE(scope.cancelled_caught());
    EXPECT_TRUE(is_error<exception_group>(failed.error())) << describe(failed.error());
    EXPECT_EQ(describe(failed.error()).find("cancelled"), std::string::npos);
  });
}

TEST(cancel_scope, a_group_that_meets_only_the_outer_cancel_is_split_by_the_outer_scope) {
  run([]() -> task<> {
    cancel_scope outer, inner;
    auto failed = co_await capture(outer.run([&]() -> task<> {
      co_await inner.run([&]() -> task<> {
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          tn.start_soon([]() -> task<> {
            try {
              co_await sleep_forever();
            } catch (const cancelled&) {
              throw std::runtime_error("in clean-up");
            }
          });
          co_await sleep(1s);
          outer.cancel();
          co_await sleep_forever();
        });
      });
    }));
    EXPECT_FALSE(inner.cancelled_caught());
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_TRUE(is_error<std::runtime_error>(failed.error())) << describe(failed.error());
  });
}

TEST(cancel_scope, is_entered_once) {
  run([]() -> task<> {
    cancel_scope scope;
    co_await scope.run(checkpoint());
    EXPECT_THROW(co_await scope.run(checkpoint()), std::logic_error);
  });
}

TEST(cancel_scope, a_body_that_throws_before_it_returns_a_task_leaves_the_scope) {
  run([]() -> task<> {
    cancel_scope scope;
    auto thrower = []() -> task<> { throw std::runtime_error("early"); };
    EXPECT_THROW(co_await scope.run(thrower), std::runtime_error);
    scope.cancel();
    co_await checkpoint();
  });
}

TEST(cancel_scope, twenty_thousand_nested_scopes_are_cancelled_without_a_deep_stack) {
  struct nest {
    static task<> down(int left, cancel_scope& outermost) {
      if (left == 0) {
        outermost.cancel();
        co_await checkpoint();
      } else {
        cancel_scope scope;
        co_await scope.run(down(left - 1, outermost));
      }
    }
  };
  run([]() -> task<> {
    auto done = co_await with_cancel_scope([](cancel_scope& s) -> task<> { co_await nest::down(20'000, s); });
    EXPECT_TRUE(done.cancelled_caught());
  });
}

namespace {
// Calls out of its cancellation, as stop callbacks and plugins' operations may.
class calls_out final : public detail::suspension, public detail::engine_awaitable {
 public:
  explicit calls_out(std::function<void()> fn) : fn_(std::move(fn)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> at) noexcept { block(at); }
  void await_resume() const { ++resumed; }
  void abort() noexcept override {
    fn_();
    wake();
    wake();
  }
  static inline int resumed = 0;

 private:
  std::function<void()> fn_;
};
}  // namespace

TEST(cancel_scope, a_cancellation_may_cancel_further_scopes_and_wakes_each_task_once) {
  calls_out::resumed = 0;
  run([]() -> task<> {
    cancel_scope scopes[3];
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 3; ++i)
        tn.start_soon([&scopes, i]() -> task<> {
          calls_out wait([&scopes] {
            for (auto& scope : scopes) scope.cancel();
          });
          co_await scopes[i].run([&]() -> task<> { co_await wait; });
        });
      co_await sleep(1s);
      scopes[1].cancel();
    });
  });
  EXPECT_EQ(calls_out::resumed, 3);
}

TEST(cancel_scope, cancelling_after_it_was_left_reaches_nobody) {
  run([]() -> task<> {
    cancel_scope scope;
    co_await scope.run(checkpoint());
    scope.cancel();
    co_await checkpoint();
    EXPECT_FALSE(scope.cancelled_caught());
  });
}

TEST(cancel_scope, checkpoint_if_cancelled_raises_without_giving_up_control) {
  run([]() -> task<> {
    bool other_ran = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        other_ran = true;
        co_return;
      });
      checkpoint_if_cancelled();
      auto done = co_await with_cancel_scope([](cancel_scope& s) -> task<> {
        s.cancel();
        checkpoint_if_cancelled();
        co_return;
      });
      EXPECT_TRUE(done.cancelled_caught());
      EXPECT_FALSE(other_ran);
    });
  });
}

}  // namespace cancel_scope_test
