#include "shared_resources.hpp"
#include "tractor/async/broadcast.hpp"

namespace resource_cache_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<resource_cache> && !std::is_move_constructible_v<resource_cache>);

namespace {
task<> open_numbered(entered<int>& in, int number) {
  co_await in(number);
  note("left");
}
}  // namespace

TEST(resource_cache, resource_only_entered_once_keyed_by_the_arguments) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    int misses = 0;
    for (int i = 0; i < 10; ++i) {
      tn.start_soon([&]() -> task<> {
        co_await maybe_open_context(cache, &open_feed, "a", [&](bool hit, std::string& feed) -> task<> {
          if (!hit) ++misses;
          EXPECT_EQ(feed, "feed a");
          co_await sleep(1s);
        });
      });
    }
    co_await sleep(1500ms);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(misses, 1);
  });
  EXPECT_EQ(history, (lines{"open a 1", "close a 4"}));
}

TEST(resource_cache, resource_only_entered_once_keyed_by_a_key) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    int misses = 0;
    for (int i = 0; i < 10; ++i) {
      tn.start_soon(
          [&](int which) -> task<> {
            const cache_key key(std::string("all alike"));
            co_await maybe_open_context(cache, key, &open_numbered, which,
                                        [&](bool hit, int& number) -> task<> {
                                          if (!hit) ++misses;
                                          EXPECT_EQ(number, 0);
                                          co_await sleep(1s);
                                        });
          },
          i);
    }
    co_await sleep(500ms);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(misses, 1);
  });
  EXPECT_EQ(history, lines{"left 1"});
}

TEST(resource_cache, per_ctx_key_resource_lifecycle) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await maybe_open_context(cache, &open_feed, "long", [&](bool hit, std::string&) -> task<> {
        EXPECT_FALSE(hit);
        co_await sleep(10s);
      });
    });
    co_await maybe_open_context(cache, &open_feed, "short", [&](bool hit, std::string& feed) -> task<> {
      EXPECT_FALSE(hit);
      EXPECT_EQ(feed, "feed short");
      EXPECT_EQ(cache.size(), 2u);
      co_return;
    });
    EXPECT_EQ(cache.size(), 1u);
    co_await maybe_open_context(cache, &open_feed, "long", [&](bool hit, std::string&) -> task<> {
      EXPECT_TRUE(hit);
      co_return;
    });
  });
  EXPECT_EQ(history, (lines{"open short 1", "open long 1", "close short 3", "close long 13"}));
}

TEST(resource_cache, last_moc_user_waits_for_resource_exit) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await maybe_open_context(cache, &open_feed, "a",
                                  [&](bool, std::string&) -> task<> { co_await sleep(1s); });
      note("first is out");
    });
    co_await maybe_open_context(cache, &open_feed, "a",
                                [&](bool, std::string&) -> task<> { co_await sleep(3s); });
    note("last is out");
  });
  EXPECT_EQ(history, (lines{"open a 1", "first is out 2", "close a 6", "last is out 6"}));
}

TEST(resource_cache, moc_delivers_resource_exit_error) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await maybe_open_context(cache, &open_and_fail_at_exit, [](bool) -> task<> { co_await sleep(1s); });
    });
    auto last = co_await capture(maybe_open_context(cache, &open_and_fail_at_exit, [](bool) -> task<int> {
      co_await sleep(2s);
      co_return 5;
    }));
    EXPECT_EQ(describe(last.error()), "std::runtime_error: exit failed");
  });
}

TEST(resource_cache, an_exit_error_does_not_hide_that_of_the_last_body) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    auto use = [](bool) -> task<> {
      co_await checkpoint();
      throw std::invalid_argument("in the body");
    };
    auto last = co_await capture(maybe_open_context(cache, &open_and_fail_at_exit, use));
    EXPECT_EQ(describe(last.error()),
              "exception_group: a shared resource and its user failed (2 errors)\n"
              "  - std::invalid_argument: in the body\n"
              "  - std::runtime_error: exit failed");
  });
}

TEST(resource_cache, moc_final_user_cancellation_waits_for_exit) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    auto done = co_await move_on_after(3s, [&]() -> task<> {
      co_await maybe_open_context(cache, &open_feed, "a",
                                  [](bool, std::string&) -> task<> { co_await sleep_forever(); });
    });
    EXPECT_TRUE(done.cancelled_caught());
    note("cut off");
  });
  EXPECT_EQ(history, (lines{"open a 1", "close a 5", "cut off 5"}));
}

TEST(resource_cache, moc_exit_error_masks_final_user_cancellation) {
  with_cache([](resource_cache& cache, task_nursery&) -> task<> {
    auto done = co_await capture(move_on_after(3s, [&]() -> task<> {
      co_await maybe_open_context(cache, &open_and_fail_at_exit,
                                  [](bool) -> task<> { co_await sleep_forever(); });
    }));
    EXPECT_EQ(describe(done.error()), "std::runtime_error: exit failed");
  });
}

TEST(resource_cache, moc_service_nursery_cancellation_completes_exit) {
  history.clear();
  std::string error;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& users) -> task<> {
      auto done = co_await move_on_after(1min, [&]() -> task<> {
        co_await open_task_nursery([&](task_nursery& services) -> task<> {
          resource_cache cache(services);
          users.start_soon([&]() -> task<> {
            auto lost = co_await capture(
                maybe_open_context(cache, &open_feed, "a", [](bool, std::string& feed) -> task<> {
                  co_await with_cleanup(
                      sleep_forever(),
                      [&]() -> task<> {
                        co_await sleep(1s);
                        note("the user still has " + feed);
                      },
                      10s);
                }));
            error = describe(lost.error());
            note("the user is out");
          });
          co_await sleep(3s);
          services.scope().cancel();
        });
      });
      EXPECT_FALSE(done.cancelled_caught());
    });
  });
  EXPECT_EQ(history, (lines{"open a 1", "the user still has feed a 4", "close a 6", "the user is out 6"}));
  EXPECT_EQ(error, "tractor::closed_resource: a shared resource has ended while it was in use");
}

TEST(resource_cache, open_local_sub_to_stream) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    static channel<int>* stream = nullptr;
    channel<int> source(4);
    stream = &source;
    auto open_stream = +[](entered<broadcast<int>>& in) -> task<> {
      broadcast feed(*stream, 16);
      co_await in(feed);
    };
    int misses = 0;
    std::vector<int> counts(10);
    for (int& count : counts) {
      tn.start_soon([&]() -> task<> {
        co_await maybe_open_context(cache, open_stream, [&](bool hit, broadcast<int>& feed) -> task<> {
          if (!hit) ++misses;
          subscription<int> sub = feed.subscribe();
          while (co_await sub.next()) ++count;
        });
      });
    }
    co_await sleep(1s);
    for (int i = 0; i < 100; ++i) co_await source.send(i);
    source.close();
    co_await sleep(1s);
    EXPECT_EQ(misses, 1);
    EXPECT_EQ(counts, std::vector(10, 100));
  });
}

// The first entrant is cancelled before it waits, while it waits, and when it is in; alone or with others.
TEST(resource_cache, lock_not_corrupted_on_fast_cancel) {
  for (duration cancel_after : {duration(0ms), duration(500ms), duration(1500ms)}) {
    for (int others : {0, 3}) {
      with_cache([&](resource_cache& cache, task_nursery& tn) -> task<> {
        int misses = 0;
        auto use = [&]() -> task<> {
          co_await maybe_open_context(cache, &open_feed, "a", [&](bool hit, std::string& feed) -> task<> {
            if (!hit) ++misses;
            EXPECT_EQ(feed, "feed a");
            co_await sleep(1s);
          });
        };
        bool cut = false;
        tn.start_soon([&]() -> task<> {
          auto done = co_await move_on_after(cancel_after, use);
          cut = done.cancelled_caught();
        });
        co_await checkpoint();
        for (int i = 0; i < others; ++i) tn.start_soon(use);
        co_await sleep(20s);
        EXPECT_TRUE(cut);
        EXPECT_EQ(misses, others > 0 || cancel_after == 1500ms ? 1 : 0);
        EXPECT_EQ(cache.size(), 0u);
        misses = 0;
        co_await fail_after(5s, use);
        EXPECT_EQ(misses, 1);
      });
    }
  }
}

TEST(resource_cache, moc_reentry_during_teardown) {
  with_cache([](resource_cache& cache, task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await maybe_open_context(cache, &open_feed, "a",
                                  [](bool, std::string&) -> task<> { co_await sleep(1s); });
    });
    co_await sleep(2500ms);  // it is being closed now
    for (int i = 0; i < 2; ++i) {
      tn.start_soon(
          [&](bool second) -> task<> {
            co_await maybe_open_context(cache, &open_feed, "a", [&](bool hit, std::string& feed) -> task<> {
              EXPECT_EQ(hit, second);
              EXPECT_EQ(feed, "feed a");
              co_await sleep(1s);
            });
          },
          i == 1);
    }
  });
  EXPECT_EQ(history, (lines{"open a 1", "close a 4", "open a 5", "close a 8"}));
}

}  // namespace resource_cache_test
