// One stream for several local tasks.
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace stream_subscribers_test {

using namespace tractor;
using namespace tractor::harness;

task<> ticks(send_stream<int>& out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(i);
}

task<> add_up(subscription<int> items, int& sum) {
  while (auto item = co_await items.next()) sum += *item;
}

task<> add_up_five(subscription<int> items, int& sum) {
  for (int i = 0; i < 5; ++i) {
    const int item = co_await items.receive();
    sum += item;
  }
}

TRACTOR_TEST(stream, subscribers_each_see_every_item) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    std::vector<int> sums(3);
    co_await kid.stream_from<&ticks>(500, [&](receive_stream<int>& in) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (int& sum : sums) tn.start_soon(add_up, in.subscribe(), std::ref(sum));
        co_return;
      });
    });
    for (const int sum : sums) EXPECT_EQ(sum, 499 * 500 / 2);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, a_subscriber_that_falls_behind_hears_how_many_items_it_missed) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    co_await kid.stream_from<&ticks>(100, [&](receive_stream<int>& in) -> task<> {
      auto fast = in.subscribe(on_lag::raise, 4);
      auto slow = in.subscribe();
      auto counting = in.subscribe(on_lag::count);
      int sum = 0;
      co_await add_up(std::move(fast), sum);
      EXPECT_EQ(sum, 99 * 100 / 2);
      // Known before they hear of it.
      EXPECT_EQ(slow.missed(), 96u);
      EXPECT_EQ(slow.queued(), 4u);
      CO_ASSERT_THROW(co_await slow.next(), lagged);
      EXPECT_EQ(slow.missed(), 96u);
      for (int wanted = 96; wanted < 100; ++wanted) {
        const int got = co_await slow.receive();
        EXPECT_EQ(got, wanted);
      }
      const auto end = co_await slow.next();
      EXPECT_FALSE(end);
      const int first = co_await counting.receive();
      EXPECT_EQ(first, 96);
      EXPECT_EQ(counting.missed(), 96u);
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, tells_how_its_subscribers_keep_up) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    co_await kid.stream_from<&ticks>(10, [&](receive_stream<int>& in) -> task<> {
      EXPECT_EQ(in.subscriber_statistics().window, 0u);
      auto fast = in.subscribe(on_lag::raise, 4);
      auto slow = in.subscribe();
      EXPECT_EQ(in.subscriber_statistics().window, 4u);
      EXPECT_EQ(in.subscriber_statistics().subscribers, 2u);
      for (int wanted = 0; wanted < 7; ++wanted) {
        const int got = co_await fast.receive();
        EXPECT_EQ(got, wanted);
      }
      const broadcast_statistics now = in.subscriber_statistics();
      EXPECT_EQ(now.items, 7u);
      EXPECT_EQ(now.kept, 4u);
      EXPECT_EQ(now.missed, 3u);
      EXPECT_FALSE(now.reading);
      slow.close();
      EXPECT_EQ(in.subscriber_statistics().subscribers, 1u);
      EXPECT_EQ(in.subscriber_statistics().kept, 0u);
    });
    co_await kid.cancel_actor();
  });
}

task<> gives_back(context<receives<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item);
}

TRACTOR_TEST(stream, with_subscribers_still_sends) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&gives_back>());
    std::vector<int> sums(2);
    co_await kid.open_context<&gives_back>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (int& sum : sums) tn.start_soon(add_up_five, stream.subscribe(), std::ref(sum));
        for (int i = 0; i < 5; ++i) co_await stream.send(i);
      });
    });
    for (const int sum : sums) EXPECT_EQ(sum, 0 + 1 + 2 + 3 + 4);
    co_await kid.cancel_actor();
  });
}

}  // namespace stream_subscribers_test
