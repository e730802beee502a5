#include "support.hpp"

namespace start_or_cancel_test {

using namespace tractor;
using namespace tractor::testing;

namespace {

/// Calls `start` or `start_or_cancel`: each situation is tried with both.
template <class F> task<> start_by(bool or_cancel, task_nursery& tn, F& child) {
  if (or_cancel)
    co_await tn.start_or_cancel(child);
  else
    co_await tn.start(child);
}

/// A child that takes a cancel as its sign to end quietly.
task<> ends_quietly(task_status<>&) {
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
  }
}

const char* const protocol_error = "the task ended without calling task_status.started()";

}  // namespace

TEST(start_or_cancel, sibling_err_not_masked_by_startup_rte) {
  for (bool or_cancel : {false, true}) {
    auto body = [&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([]() -> task<> {
          co_await sleep(1s);
          throw std::invalid_argument("the sibling");
        });
        co_await start_by(or_cancel, tn, ends_quietly);
      });
    };
    const std::string error = error_of([&] { run(body); });
    if (or_cancel)
      EXPECT_EQ(error, "the sibling");
    else
      EXPECT_EQ(error,
                std::string("several tasks failed (2 errors)\n  - std::invalid_argument: the sibling\n") +
                    "  - std::runtime_error: " + protocol_error);
  }
}

TEST(start_or_cancel, pure_oob_cancel_not_morphed_to_rte) {
  for (bool or_cancel : {false, true}) {
    auto body = [&]() -> task<> {
      auto done = co_await move_on_after(1s, [&]() -> task<> {
        co_await open_task_nursery(
            [&](task_nursery& tn) -> task<> { co_await start_by(or_cancel, tn, ends_quietly); });
      });
      EXPECT_TRUE(done.cancelled_caught());
    };
    EXPECT_EQ(error_of([&] { run(body); }), or_cancel ? "" : protocol_error);
  }
}

TEST(start_or_cancel, genuine_startup_rte_still_raised) {
  for (bool or_cancel : {false, true}) {
    auto forgets = [](task_status<>&) -> task<> { co_await sleep(1s); };
    // A cancel that is the child's own affair is no excuse.
    auto cancels_itself = [](task_status<>&) -> task<> { co_await move_on_after(1s, sleep_forever()); };
    auto body = [&](auto& child) -> task<> {
      co_await open_task_nursery(
          [&](task_nursery& tn) -> task<> { co_await start_by(or_cancel, tn, child); });
    };
    EXPECT_EQ(error_of([&] { run([&] { return body(forgets); }); }), protocol_error);
    EXPECT_EQ(error_of([&] { run([&] { return body(cancels_itself); }); }), protocol_error);
  }
}

TEST(start_or_cancel, childs_own_rte_never_demoted_to_cancel) {
  for (bool or_cancel : {false, true}) {
    auto says_the_same = [](task_status<>&) -> task<> {
      co_await shielded(sleep(2s));
      throw std::runtime_error(protocol_error);
    };
    auto in_its_cleanup = [](task_status<>&) -> task<> {
      try {
        co_await sleep_forever();
      } catch (const cancelled&) {
        throw std::runtime_error("clean-up");
      }
    };
    auto of_a_start_of_its_own = [](task_status<>&) -> task<> {
      co_await shielded([]() -> task<> {
        co_await open_task_nursery([](task_nursery& own) -> task<> {
          auto forgets = [](task_status<>&) -> task<> { co_await sleep(2s); };
          co_await own.start(forgets);
        });
      });
    };
    auto body = [&](auto& child) -> task<> {
      co_await move_on_after(1s, [&]() -> task<> {
        co_await open_task_nursery(
            [&](task_nursery& tn) -> task<> { co_await start_by(or_cancel, tn, child); });
      });
      ADD_FAILURE() << "the error is gone";
    };
    EXPECT_EQ(error_of([&] { run([&] { return body(says_the_same); }); }), protocol_error);
    EXPECT_EQ(error_of([&] { run([&] { return body(in_its_cleanup); }); }), "clean-up");
    EXPECT_EQ(error_of([&] { run([&] { return body(of_a_start_of_its_own); }); }), protocol_error);
  }
}

TEST(start_or_cancel, started_value_and_args_passthru) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      auto add = [](task_status<std::string>& status, int a, int b) -> task<> {
        status.started(current_task_name() + " " + std::to_string(a + b));
        co_await sleep_forever();
      };
      EXPECT_EQ(co_await tn.start_or_cancel(task_name("adder"), add, 1, 2), "adder 3");
      EXPECT_EQ(tn.child_count(), 1u);
      const std::string unnamed = co_await tn.start_or_cancel(add, 3, 4);
      EXPECT_EQ(unnamed.substr(unnamed.rfind(' ')), " 7");
      EXPECT_EQ(tn.child_count(), 2u);
      tn.scope().cancel();
    });
  });
}

TEST(maybe_open_nursery, reuses_the_one_that_is_given_and_does_not_wait_for_it) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      int value = co_await maybe_open_nursery(&tn, [&](task_nursery& same) -> task<int> {
        EXPECT_EQ(&same, &tn);
        same.start_soon([]() -> task<> { co_await sleep(5s); });
        co_return 3;
      });
      EXPECT_EQ(value, 3);
      EXPECT_EQ(current_time(), time_point{});
      EXPECT_EQ(tn.child_count(), 1u);
    });
    EXPECT_EQ(current_time(), time_point{} + 5s);
  });
}

TEST(maybe_open_nursery, opens_one_of_its_own_when_none_is_given) {
  run([]() -> task<> {
    int value = co_await maybe_open_nursery(nullptr, [](task_nursery& own) -> task<int> {
      own.start_soon([]() -> task<> { co_await sleep(5s); });
      co_return 3;
    });
    EXPECT_EQ(value, 3);
    EXPECT_EQ(current_time(), time_point{} + 5s);
  });
}

TEST(maybe_open_nursery, an_error_in_a_given_nursery_is_that_nurserys) {
  run([]() -> task<> {
    auto body = []() -> task<> {
      co_await open_task_nursery([](task_nursery& tn) -> task<> {
        co_await maybe_open_nursery(&tn, [](task_nursery& same) -> task<> {
          same.start_soon([]() -> task<> {
            co_await sleep(1s);
            throw std::runtime_error("child");
          });
          co_return;
        });
        co_await sleep_forever();
      });
    };
    auto result = co_await capture(body);
    EXPECT_EQ(describe(result.error()), "std::runtime_error: child");
  });
}

}  // namespace start_or_cancel_test
