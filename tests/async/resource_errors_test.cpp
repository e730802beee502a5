#include "shared_resources.hpp"

namespace resource_errors_test {

using namespace tractor;
using namespace tractor::testing;

namespace {
task<> fail_to_open(entered<int>&, int after) {
  co_await sleep(std::chrono::seconds(after));
  throw std::runtime_error("cannot open");
}
task<> break_after(entered<std::string>& in, int seconds) {
  std::string value = "alive";
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await sleep(std::chrono::seconds(seconds));
      throw std::runtime_error("the feed broke");
    });
    co_await in(value);
  });
  value = "gone";
}
task<> end_after(entered<>& in, int seconds) { co_await move_on_after(std::chrono::seconds(seconds), in); }
task<> never_enter(entered<>&) { co_return; }
}  // namespace

TEST(resource_cache, a_failed_opening_is_the_error_of_all_who_wait_for_it_and_the_next_one_tries_again) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    int failures = 0;
    auto use = [&]() -> task<> {
      auto result = co_await capture(
          maybe_open_context(cache, &fail_to_open, 2, [](bool, int&) -> task<> { co_return; }));
      EXPECT_EQ(describe(result.error()), "std::runtime_error: cannot open");
      ++failures;
    };
    for (int i = 0; i < 3; ++i) tn.start_soon(use);
    co_await sleep(2500ms);
    EXPECT_EQ(failures, 3);
    co_await use();
    EXPECT_EQ(current_time(), time_point{} + 4500ms);
  });
}

TEST(resource_cache, a_resource_that_fails_under_its_users_cancels_them_first_and_is_their_error) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    for (int i = 0; i < 3; ++i) {
      tn.start_soon([&]() -> task<> {
        auto result = co_await capture(
            maybe_open_context(cache, &break_after, 5, [](bool, std::string& value) -> task<> {
              co_await with_cleanup(
                  sleep_forever(),
                  [&]() -> task<> {
                    co_await sleep(1s);
                    EXPECT_EQ(value, "alive");
                  },
                  10s);
            }));
        EXPECT_EQ(describe(result.error()), "std::runtime_error: the feed broke");
        EXPECT_EQ(current_time(), time_point{} + 6s);
      });
    }
    co_return;
  });
}

TEST(resource_cache, a_resource_that_ends_by_itself_is_a_closed_resource_for_its_users) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    auto use = [&](bool) -> task<> { co_await sleep_forever(); };
    EXPECT_THROW(co_await maybe_open_context(cache, &end_after, 3, use), closed_resource);
    EXPECT_THROW(co_await maybe_open_context(cache, &never_enter, use), std::runtime_error);
  });
}

TEST(resource_cache, an_error_of_one_user_is_its_own) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      auto fails = [](bool, std::string&) -> task<> {
        co_await sleep(1s);
        throw std::runtime_error("mine");
      };
      auto result = co_await capture(maybe_open_context(cache, &open_feed, "a", fails));
      EXPECT_EQ(describe(result.error()), "std::runtime_error: mine");
    });
    int value = co_await maybe_open_context(cache, &open_feed, "a", [](bool, std::string&) -> task<int> {
      co_await sleep(5s);
      co_return 8;
    });
    EXPECT_EQ(value, 8);
  });
}

TEST(resource_cache, a_body_that_throws_before_it_returns_a_task_leaves_in_order) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    auto throws = [](bool, std::string&) -> task<> { throw std::runtime_error("early"); };
    auto result = co_await capture(maybe_open_context(cache, &open_feed, "a", throws));
    EXPECT_EQ(describe(result.error()), "std::runtime_error: early");
  });
  EXPECT_EQ(history, (lines{"open a 1", "close a 3"}));
}

TEST(resource_cache, a_task_may_use_a_resource_twice_at_once) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    co_await maybe_open_context(cache, &open_feed, "a", [&](bool hit, std::string& outer) -> task<> {
      EXPECT_FALSE(hit);
      co_await maybe_open_context(cache, &open_feed, "a", [&](bool again, std::string& inner) -> task<> {
        EXPECT_TRUE(again);
        EXPECT_EQ(&outer, &inner);
        co_return;
      });
    });
  });
}

namespace {
resource_cache* own_cache = nullptr;
task<> open_itself(entered<>& in) {
  co_await maybe_open_context(*own_cache, &open_itself, [&](bool) -> task<> { co_await in(); });
}
}  // namespace

TEST(resource_cache, an_opener_that_needs_its_own_resource_is_told_so) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    own_cache = &cache;
    auto use = [](bool) -> task<> { co_return; };
    EXPECT_THROW(co_await maybe_open_context(cache, &open_itself, use), std::logic_error);
  });
}

TEST(resource_cache, a_cancelled_task_opens_nothing) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await maybe_open_context(cache, &open_feed, "a", [](bool, std::string&) -> task<> { co_return; });
    });
    EXPECT_EQ(cache.size(), 0u);
  });
  EXPECT_TRUE(history.empty());
}

}  // namespace resource_errors_test
