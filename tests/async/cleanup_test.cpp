#include "support.hpp"

namespace cleanup_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(std::is_copy_constructible_v<outcome<int>> && std::is_default_constructible_v<outcome<>>);
static_assert(!std::is_default_constructible_v<outcome<int>>);

namespace {
task<int> answer() { co_return 42; }
task<int> fail_with(const char* what) {
  co_await checkpoint();
  throw std::runtime_error(what);
}
task<> nothing() { co_return; }
}  // namespace

TEST(with_cleanup, the_cleanup_runs_after_a_good_body_and_the_value_is_kept) {
  bool cleaned = false;
  const int value = run([&]() -> task<int> {
    co_return co_await with_cleanup([&]() -> task<int> { co_return co_await answer(); },
                                    [&]() -> task<> {
                                      co_await sleep(1s);
                                      cleaned = true;
                                    },
                                    3s);
  });
  EXPECT_EQ(value, 42);
  EXPECT_TRUE(cleaned);
}

TEST(with_cleanup, the_error_of_the_body_wins) {
  auto body = []() -> task<> { co_await with_cleanup(fail_with("body"), fail_with("cleanup"), 3s); };
  EXPECT_EQ(error_of([&] { run(body); }), "body");
}

TEST(with_cleanup, an_error_of_the_cleanup_alone_is_thrown) {
  auto body = []() -> task<> { co_await with_cleanup(nothing(), fail_with("cleanup"), 3s); };
  EXPECT_EQ(error_of([&] { run(body); }), "cleanup");
}

TEST(with_cleanup, the_cleanup_of_a_cancelled_body_is_shielded) {
  bool cleaned = false;
  run([&]() -> task<> {
    auto cut = co_await move_on_after(1s, [&]() -> task<> {
      co_await with_cleanup(
          sleep_forever(),
          [&]() -> task<> {
            co_await sleep(1s);
            cleaned = true;
          },
          3s);
    });
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_EQ(current_time(), time_point{} + 2s);
  });
  EXPECT_TRUE(cleaned);
}

// The reference's "enter error survives a cancel in the clean-up", the other way round and both ways.
TEST(with_cleanup, an_error_of_the_cleanup_is_not_hidden_by_a_cancel_of_the_body) {
  auto body = []() -> task<> {
    auto done = co_await move_on_after(
        1s, [&]() -> task<> { co_await with_cleanup(sleep_forever(), fail_with("cannot flush"), 3s); });
    ADD_FAILURE() << "the error is gone, caught: " << done.cancelled_caught();
  };
  EXPECT_EQ(error_of([&] { run(body); }), "cannot flush");
}

TEST(with_cleanup, an_error_of_the_body_is_not_hidden_by_a_cancel_in_the_cleanup) {
  auto body = []() -> task<> {
    channel<int> full(0);
    auto done = co_await move_on_after(1s, [&]() -> task<> {
      co_await with_cleanup(
          []() -> task<> {
            co_await shielded(sleep(2s));  // cancelled by now, and fails all the same
            throw std::runtime_error("mid-stream");
          },
          [&](cancel_scope& cleanup) -> task<> {
            cleanup.cancel();
            co_await full.send(1);
          },
          3s);
    });
    ADD_FAILURE() << "the error is gone, caught: " << done.cancelled_caught();
  };
  EXPECT_EQ(error_of([&] { run(body); }), "mid-stream");
}

TEST(with_cleanup, a_cancelled_wait_for_a_lock_stays_a_cancel) {
  run([]() -> task<> {
    lock held;
    auto guard = co_await held.acquire();
    bool released = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto done = co_await move_on_after(1s, [&]() -> task<> {
          co_await with_cleanup([&]() -> task<> { auto mine = co_await held.acquire(); },
                                [&]() -> task<> {
                                  released = true;
                                  co_return;
                                },
                                3s);
        });
        EXPECT_TRUE(done.cancelled_caught());
      });
      co_return;
    });
    EXPECT_TRUE(released);
  });
}

TEST(with_cleanup, a_cleanup_beyond_its_bound_is_cut_off_and_reported) {
  auto body = []() -> task<> { co_await with_cleanup(nothing(), sleep_forever(), 3s); };
  EXPECT_EQ(error_of([&] { run(body); }), "the clean-up did not end within its bound of 3000 ms");
  EXPECT_THROW(run(body), too_slow_error);
}

TEST(with_cleanup, a_slow_cleanup_does_not_hide_the_error_of_the_body) {
  auto body = []() -> task<> { co_await with_cleanup(fail_with("body"), sleep_forever(), 3s); };
  EXPECT_EQ(error_of([&] { run(body); }), "body");
}

TEST(with_cleanup, runs_the_cleanup_even_if_the_body_throws_before_it_returns_a_task) {
  bool cleaned = false;
  auto thrower = []() -> task<> { throw std::runtime_error("early"); };
  auto body = [&]() -> task<> {
    co_await with_cleanup(
        thrower,
        [&]() -> task<> {
          cleaned = true;
          co_return;
        },
        1s);
  };
  EXPECT_EQ(error_of([&] { run(body); }), "early");
  EXPECT_TRUE(cleaned);
}

TEST(capture, keeps_a_value) {
  run([]() -> task<> {
    auto kept = co_await capture(answer());
    EXPECT_FALSE(kept.failed());
    EXPECT_EQ(kept.value(), 42);
    EXPECT_EQ(std::move(kept).unwrap(), 42);
  });
}

TEST(capture, keeps_an_error_which_unwrap_throws) {
  run([]() -> task<> {
    auto kept = co_await capture(fail_with("boom"));
    EXPECT_TRUE(kept.failed());
    EXPECT_TRUE(is_error<std::runtime_error>(kept.error()));
    EXPECT_THROW(kept.value(), std::runtime_error);
    EXPECT_THROW(std::move(kept).unwrap(), std::runtime_error);
    auto nothing_kept = co_await capture(nothing());
    EXPECT_FALSE(nothing_kept.failed());
  });
}

TEST(capture, never_keeps_a_cancellation) {
  run([]() -> task<> {
    bool went_on = false;
    auto cut = co_await move_on_after(1s, [&]() -> task<> {
      auto kept = co_await capture(sleep_forever());
      went_on = true;
    });
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_FALSE(went_on);
  });
}

TEST(capture, throws_on_a_group_that_holds_a_cancellation) {
  auto body = []() -> task<> {
    co_await move_on_after(1s, [&]() -> task<> {
      auto kept = co_await capture(open_task_nursery([](task_nursery& tn) -> task<> {
        tn.start_soon([]() -> task<> {
          try {
            co_await sleep_forever();
          } catch (const cancelled&) {
            throw std::runtime_error("in clean-up");
          }
        });
        co_await sleep_forever();
      }));
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "in clean-up");
}

}  // namespace cleanup_test
