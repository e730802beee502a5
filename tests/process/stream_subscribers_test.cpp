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

}  // namespace stream_subscribers_test
