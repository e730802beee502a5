#include "broadcast_support.hpp"

namespace task_broadcasting_test {

using namespace tractor;
using namespace tractor::testing;

namespace {

/// Everything a subscriber sees until the end; a pause after each item.
class listener {
 public:
  task<> run(subscription<int> from, duration pause = duration::zero()) {
    for (;;) {
      std::optional<int> item;
      try {
        item = co_await from.next();
      } catch (const lagged& error) {
        lags.push_back(error.missed());
        continue;
      }
      if (!item) break;
      seen.push_back(*item);
      if (pause > duration::zero()) co_await sleep(pause);
    }
    missed = from.missed();
  }
  std::vector<int> seen;
  std::vector<std::uint64_t> lags;
  std::uint64_t missed = 0;
};

}  // namespace

TEST(task_broadcasting, fans_1000_values_out_to_10_subscribers_without_a_loss) {
  run([]() -> task<> {
    channel<int> source(8);
    broadcast feed(source, 8);
    std::vector<listener> listeners(10);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (listener& each : listeners)
        tn.start_soon([&](subscription<int> sub) { return each.run(std::move(sub)); }, feed.subscribe());
      tn.start_soon([&] { return produce(source, 1000, 0s); });
      co_return;
    });
    for (listener& each : listeners) {
      EXPECT_EQ(each.seen, numbers(0, 1000));
      EXPECT_TRUE(each.lags.empty());
    }
    EXPECT_EQ(feed.statistics().items, 1000u);
    EXPECT_EQ(feed.statistics().kept, 0u);
    EXPECT_EQ(feed.statistics().subscribers, 0u);
  });
}

// The source gives an item a second, the slow one takes ten for each: behind it the window of 4 overflows.
TEST(task_broadcasting, a_slow_parent_or_a_slow_subscriber_lags_while_the_others_lose_nothing) {
  for (bool parent_is_slow : {true, false}) {
    run([&]() -> task<> {
      channel<int> source(0);
      broadcast feed(source, 4);
      listener parent, child;
      const duration parents_pause = parent_is_slow ? duration(10s) : duration(0s);
      const duration childs_pause = parent_is_slow ? duration(0s) : duration(10s);
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        subscription<int> own = feed.subscribe();
        tn.start_soon([&](subscription<int> sub) { return child.run(std::move(sub), childs_pause); },
                      feed.subscribe());
        tn.start_soon([&] { return produce(source, 100, 1s); });
        co_await parent.run(std::move(own), parents_pause);
      });
      const listener& slow = parent_is_slow ? parent : child;
      const listener& fast = parent_is_slow ? child : parent;
      EXPECT_EQ(fast.seen, numbers(0, 100));
      EXPECT_TRUE(fast.lags.empty());
      // Ten items come while it sleeps; it sees one and finds the four newest of them.
      EXPECT_FALSE(slow.lags.empty());
      std::uint64_t lost = 0;
      for (std::uint64_t lag : slow.lags) lost += lag;
      EXPECT_EQ(lost, slow.missed);
      EXPECT_EQ(slow.seen.size() + lost, 100u);
      EXPECT_EQ(slow.seen.back(), 99);
      EXPECT_EQ(feed.statistics().missed, lost);
    });
  }
}

TEST(task_broadcasting, a_fast_receiver_is_cancelled_by_a_slower_one_and_the_next_user_goes_on) {
  run([]() -> task<> {
    channel<int> source(0);
    broadcast feed(source, 4);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      subscription<int> slower = feed.subscribe();
      cancel_scope fast_scope;
      tn.start_soon(
          [&](subscription<int> sub) -> task<> {
            co_await fast_scope.run([&]() -> task<> {
              while (co_await sub.next()) continue;
            });
            EXPECT_TRUE(fast_scope.cancelled_caught());
          },
          feed.subscribe());
      tn.start_soon([&] { return produce(source, 20, 1s); });
      EXPECT_EQ(co_await slower.receive(), 0);
      EXPECT_EQ(co_await slower.receive(), 1);
      fast_scope.cancel();
      for (int expected = 2; expected < 20; ++expected)
        EXPECT_EQ(co_await fail_after(1500ms, slower.receive()), expected);
      EXPECT_EQ(co_await slower.next(), std::nullopt);
    });
  });
}

TEST(task_broadcasting, use_after_close_is_a_closed_resource) {
  run([]() -> task<> {
    channel<int> source(4);
    broadcast feed(source, 4);
    subscription<int> sub = feed.subscribe(), other = feed.subscribe();
    co_await source.send(1);
    EXPECT_EQ(co_await sub.receive(), 1);
    sub.close();
    sub.close();
    EXPECT_TRUE(sub.closed());
    EXPECT_THROW(co_await sub.next(), closed_resource);
    feed.close();
    EXPECT_THROW(static_cast<void>(feed.subscribe()), closed_resource);
    EXPECT_EQ(co_await other.receive(), 1);
    EXPECT_THROW(co_await other.receive(), closed_resource);
  });
}

TEST(task_broadcasting, laggers_that_are_purely_local_have_known_overrun_counts) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    for (int i = 0; i < 32; ++i) source.send_nowait(i);
    source.close();
    broadcast feed(source, 4);
    subscription<int> fast = feed.subscribe(), late = feed.subscribe(), in_step = feed.subscribe();
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(co_await fast.receive(), i);
      EXPECT_EQ(co_await in_step.receive(), i);
    }
    // 10 were read and 4 are kept: the first 6 are lost, and 6, 7, 8, 9 can still be had.
    std::uint64_t missed = 0;
    try {
      co_await late.receive();
    } catch (const lagged& error) {
      missed = error.missed();
      EXPECT_STREQ(error.what(), "this subscriber was too slow: it has missed 6 items");
    }
    EXPECT_EQ(missed, 6u);
    EXPECT_EQ(co_await late.receive(), 6);
    for (int i = 10; i < 12; ++i) EXPECT_EQ(co_await fast.receive(), i);
    try {
      co_await late.receive();
    } catch (const lagged& error) {
      missed = error.missed();
    }
    EXPECT_EQ(missed, 1u);
    EXPECT_EQ(late.missed(), 7u);
    for (int i = 8; i < 32; ++i) EXPECT_EQ(co_await late.receive(), i);
    EXPECT_EQ(co_await late.next(), std::nullopt);
    // 28 are gone from the window of 4; the other two have seen 12 and 10 of them and came for no more.
    EXPECT_EQ(fast.missed(), 16u);
    EXPECT_EQ(in_step.missed(), 18u);
    EXPECT_EQ(feed.statistics().missed, 7u + 16u + 18u);
  });
}

TEST(task_broadcasting, a_cancelled_first_receiver_wakes_the_others) {
  run([]() -> task<> {
    channel<int> source(0);
    broadcast feed(source, 4);
    std::vector<listener> listeners(3);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(
          [&](subscription<int> first) -> task<> {
            auto done = co_await move_on_after(500ms, first.next());
            EXPECT_TRUE(done.cancelled_caught());
          },
          feed.subscribe());
      for (listener& each : listeners)
        tn.start_soon([&](subscription<int> sub) { return each.run(std::move(sub)); }, feed.subscribe());
      co_await sleep(100ms);
      EXPECT_TRUE(feed.statistics().reading);
      EXPECT_EQ(feed.statistics().waiting, 3u);
      co_await sleep(500ms);
      EXPECT_TRUE(feed.statistics().reading);
      EXPECT_EQ(feed.statistics().waiting, 2u);
      co_await fail_after(500ms, source.send(7));
      source.close();
    });
    for (listener& each : listeners) EXPECT_EQ(each.seen, std::vector{7});
  });
}

TEST(task_broadcasting, with_lags_not_raised_they_are_only_counted) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    for (int i = 0; i < 10; ++i) source.send_nowait(i);
    source.close();
    broadcast feed(source, 4);
    subscription<int> fast = feed.subscribe(), slow = feed.subscribe(on_lag::count);
    while (co_await fast.next()) continue;
    for (int i = 6; i < 10; ++i) EXPECT_EQ(co_await slow.receive(), i);
    EXPECT_EQ(slow.missed(), 6u);
    EXPECT_THROW(co_await slow.receive(), end_of_channel);
  });
}

// A task that is stuck never asks for its next item: what it has lost is seen all the same.
TEST(task_broadcasting, statistics_tell_of_a_subscriber_that_does_not_come_for_its_items) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    broadcast feed(source, 4);
    subscription<int> fast = feed.subscribe(), stuck = feed.subscribe();
    for (int i = 0; i < 3; ++i) source.send_nowait(i);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(co_await fast.receive(), i);
    EXPECT_EQ(stuck.queued(), 3u);
    EXPECT_EQ(stuck.missed(), 0u);
    for (int i = 3; i < 10; ++i) source.send_nowait(i);
    for (int i = 3; i < 10; ++i) EXPECT_EQ(co_await fast.receive(), i);
    EXPECT_EQ(stuck.queued(), 4u);
    EXPECT_EQ(stuck.missed(), 6u);
    EXPECT_EQ(fast.queued(), 0u);
    EXPECT_EQ(fast.missed(), 0u);
    const broadcast_statistics all = stuck.statistics();
    EXPECT_EQ(all.items, 10u);
    EXPECT_EQ(all.window, 4u);
    EXPECT_EQ(all.kept, 4u);
    EXPECT_EQ(all.subscribers, 2u);
    EXPECT_EQ(all.missed, 6u);
    // Closed, it has what it had: nothing more is lost to it, and nothing is kept for it.
    stuck.close();
    source.send_nowait(10);
    EXPECT_EQ(co_await fast.receive(), 10);
    EXPECT_EQ(stuck.missed(), 6u);
    EXPECT_EQ(stuck.queued(), 0u);
    EXPECT_EQ(stuck.statistics().subscribers, 1u);
    EXPECT_EQ(stuck.statistics().kept, 0u);
    EXPECT_EQ(feed.statistics().missed, 6u);
  });
}

TEST(task_broadcasting, a_subscription_may_be_assigned_to_itself_and_moved_from) {
  run([]() -> task<> {
    channel<int> source(4);
    broadcast feed(source, 4);
    subscription<int> sub = feed.subscribe();
    subscription<int>& same = sub;
    sub = std::move(same);
    EXPECT_FALSE(sub.closed());
    subscription<int> other = std::move(sub);
    EXPECT_TRUE(sub.closed());
    EXPECT_EQ(sub.missed(), 0u);
    EXPECT_EQ(sub.queued(), 0u);
    EXPECT_EQ(sub.statistics().subscribers, 0u);
    co_await source.send(1);
    EXPECT_EQ(co_await other.receive(), 1);
  });
}

}  // namespace task_broadcasting_test
