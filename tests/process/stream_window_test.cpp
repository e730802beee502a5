// Windows of streams: how many items a receiver lets its sender have on the way.
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace stream_window_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

constexpr std::size_t first_window = 64;

task<> numbers(context<sends<int>>& ctx, int count) {
  auto& stream = co_await ctx.open_stream();
  for (int i = 0; i < count; ++i) co_await stream.send(i);
}

task<> blocks(context<sends<std::vector<std::byte>>>& ctx, int count, int size) {
  auto& stream = co_await ctx.open_stream();
  const std::vector<std::byte> block(static_cast<std::size_t>(size));
  for (int i = 0; i < count; ++i) co_await stream.send(block);
}

// Reads all; yields the window at the end.
template <class Context> task<std::size_t> read_all(Context& ctx, stream_options options, std::size_t count) {
  auto& stream = co_await ctx.open_stream(options);
  std::size_t got = 0;
  while (auto item = co_await stream.next()) ++got;
  EXPECT_EQ(got, count);
  co_return stream.statistics().window;
}

TRACTOR_TEST(stream_window, grows_for_a_receiver_that_keeps_up_with_its_sender) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&numbers>());
    const std::size_t window = co_await kid.open_context<&numbers>(
        50'000, [](auto& ctx) { return read_all(ctx, stream_options(), 50'000); });
    EXPECT_GT(window, first_window);
    EXPECT_LE(window, 4096u);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream_window, stays_as_it_was_asked_for) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&numbers>());
    for (const std::size_t wanted : {std::size_t{1}, std::size_t{64}, std::size_t{100}}) {
      const std::size_t window = co_await kid.open_context<&numbers>(
          5'000, [&](auto& ctx) { return read_all(ctx, stream_options().buffer(wanted), 5'000); });
      EXPECT_EQ(window, wanted);
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream_window, of_large_items_holds_no_more_than_a_mebibyte_once_there_are_enough_of_them) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&blocks>());
    const std::size_t window = co_await kid.open_context<&blocks>(
        2'000, 8 << 10, [](auto& ctx) { return read_all(ctx, stream_options(), 2'000); });
    EXPECT_GE(window, first_window);
    EXPECT_LE(window, 128u);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream_window, of_a_receiver_that_lags_does_not_grow) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&numbers>());
    co_await kid.open_context<&numbers>(1'000'000, [](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      // Something waits here at any time: at least half of what it may.
      for (int i = 0; i < 500; ++i) {
        while (stream.statistics().queued <= first_window / 2) co_await sleep(1ms);
        const int got = co_await stream.receive();
        CO_ASSERT_EQ(got, i);
      }
      EXPECT_EQ(stream.statistics().window, first_window);
      co_await ctx.cancel();
    });
    co_await kid.cancel_actor();
  });
}

}  // namespace stream_window_test
