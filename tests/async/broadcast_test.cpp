#include "broadcast_support.hpp"

namespace broadcast_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<broadcast<int>> && !std::is_move_constructible_v<broadcast<int>>);
static_assert(!std::is_copy_constructible_v<subscription<int>>);
static_assert(std::is_nothrow_move_constructible_v<subscription<int>>);
static_assert(std::is_same_v<decltype(broadcast(std::declval<receive_channel<std::string>&>(), 4)),
                             broadcast<std::string>>);

namespace {

/// An item that counts its copies.
class counted {
 public:
  explicit counted(int& copies) : copies_(&copies) {}
  counted(const counted& other) : copies_(other.copies_) { ++*copies_; }
  counted(counted&&) = default;
  counted& operator=(const counted& other) {
    copies_ = other.copies_;
    ++*copies_;
    return *this;
  }
  counted& operator=(counted&&) = default;

 private:
  int* copies_;
};

/// A source with a coroutine for next(), which throws for every third item and never ends.
class faulty_source {
 public:
  task<std::optional<int>> next() {
    co_await sleep(1s);
    if (++count_ % 3 == 0) throw std::runtime_error("item " + std::to_string(count_));
    co_return count_;
  }

 private:
  int count_ = 0;
};

}  // namespace

TEST(broadcast, a_subscriber_sees_what_is_read_after_it_came) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    broadcast feed(source, 4);
    subscription<int> first = feed.subscribe();
    source.send_nowait(1);
    EXPECT_EQ(co_await first.receive(), 1);
    subscription<int> second = feed.subscribe();
    source.send_nowait(2);
    EXPECT_EQ(co_await second.receive(), 2);
    EXPECT_EQ(co_await first.receive(), 2);
  });
}

TEST(broadcast, one_that_comes_while_another_one_reads_sees_that_item_too) {
  run([]() -> task<> {
    channel<int> source(0);
    broadcast feed(source, 1);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([](subscription<int> sub) -> task<> { EXPECT_EQ(co_await sub.receive(), 3); },
                    feed.subscribe());
      co_await sleep(1s);
      subscription<int> late = feed.subscribe();
      co_await source.send(3);
      EXPECT_EQ(co_await late.receive(), 3);
    });
  });
}

TEST(broadcast, an_item_is_copied_for_all_but_the_last_one_to_see_it) {
  run([]() -> task<> {
    int copies = 0;
    channel<counted> source(1);
    broadcast feed(source, 4);
    subscription<counted> a = feed.subscribe(), b = feed.subscribe(), c = feed.subscribe();
    co_await source.send(copies);
    co_await a.receive();
    co_await b.receive();
    co_await c.receive();
    EXPECT_EQ(copies, 2);
    EXPECT_EQ(feed.statistics().kept, 0u);
  });
}

TEST(broadcast, one_that_leaves_takes_no_room_for_what_it_has_not_seen) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    broadcast feed(source, 8);
    subscription<int> fast = feed.subscribe();
    {
      subscription<int> idle = feed.subscribe();
      for (int i = 0; i < 20; ++i) {
        source.send_nowait(i);
        EXPECT_EQ(co_await fast.receive(), i);
      }
      EXPECT_EQ(feed.statistics().kept, 8u);
      EXPECT_EQ(feed.statistics().subscribers, 2u);
    }
    EXPECT_EQ(feed.statistics().kept, 0u);
    EXPECT_EQ(feed.statistics().subscribers, 1u);
  });
}

TEST(broadcast, a_cancelled_receiver_loses_no_item) {
  run([]() -> task<> {
    channel<int> source(0);
    broadcast feed(source, 4);
    subscription<int> sub = feed.subscribe();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return produce(source, 20, 1s); });
      std::vector<int> got;
      while (got.size() < 20) {
        auto item = co_await move_on_after(300ms, sub.receive());
        if (item) got.push_back(*item);
      }
      EXPECT_EQ(got, numbers(0, 20));
    });
  });
}

TEST(broadcast, taking_a_kept_item_is_a_checkpoint_that_loses_nothing) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    source.send_nowait(1);
    broadcast feed(source, 4);
    subscription<int> first = feed.subscribe(), second = feed.subscribe();
    EXPECT_EQ(co_await first.receive(), 1);
    auto cut = co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await second.receive();
    });
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_EQ(co_await second.receive(), 1);
  });
}

TEST(broadcast, an_error_of_the_source_reaches_each_subscriber_at_its_place_and_reading_goes_on) {
  run([]() -> task<> {
    faulty_source source;
    broadcast feed(source, 8);
    std::vector<std::string> logs(2);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (std::string& log : logs) {
        tn.start_soon(
            [&](subscription<int> sub) -> task<> {
              for (int i = 0; i < 5; ++i) {
                auto got = co_await capture(sub.receive());
                log += got.failed() ? "(" + describe(got.error()) + ")" : std::to_string(got.value());
              }
            },
            feed.subscribe());
      }
      co_return;
    });
    EXPECT_EQ(logs[0], "12(std::runtime_error: item 3)45");
    EXPECT_EQ(logs[1], logs[0]);
    EXPECT_EQ(current_time(), time_point{} + 5s);
  });
}

TEST(broadcast, a_source_that_throws_before_it_waits_is_an_error_like_any_other) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(1);
    broadcast feed(rx, 2);
    subscription<int> sub = feed.subscribe();
    rx.close();
    EXPECT_THROW(co_await sub.receive(), closed_resource);
    EXPECT_FALSE(feed.statistics().reading);
  });
}

TEST(broadcast, closing_a_subscription_ends_the_task_that_waits_through_it) {
  run([]() -> task<> {
    channel<int> source(0);
    broadcast feed(source, 4);
    subscription<int> reading = feed.subscribe(), waits = feed.subscribe();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { EXPECT_EQ(co_await reading.receive(), 1); });
      tn.start_soon([&]() -> task<> { EXPECT_THROW(co_await waits.receive(), closed_resource); });
      co_await sleep(1s);
      waits.close();
      co_await sleep(1s);
      co_await source.send(1);
    });
  });
}

TEST(broadcast, is_itself_a_source_for_another_one) {
  run([]() -> task<> {
    channel<int> source(unbounded);
    source.send_nowait(5);
    source.close();
    broadcast feed(source, 4);
    subscription<int> sub = feed.subscribe();
    broadcast again(sub, 4);
    subscription<int> far = again.subscribe();
    EXPECT_EQ(co_await far.receive(), 5);
    EXPECT_EQ(co_await far.next(), std::nullopt);
  });
}

TEST(broadcast, subscriptions_may_outlive_it) {
  run([]() -> task<> {
    channel<int> source(0);
    std::optional<subscription<int>> sub;
    {
      broadcast feed(source, 4);
      sub.emplace(feed.subscribe());
    }
    EXPECT_THROW(co_await sub->receive(), closed_resource);
    subscription<int> moved = std::move(*sub);
    EXPECT_THROW(co_await sub->next(), closed_resource);
    moved = std::move(*sub);
    EXPECT_TRUE(moved.closed());
    EXPECT_EQ(moved.missed(), 0u);
  });
}

TEST(broadcast, needs_a_window) {
  run([]() -> task<> {
    channel<int> source(0);
    EXPECT_THROW(broadcast(source, 0), std::invalid_argument);
    co_return;
  });
}

}  // namespace broadcast_test
