// Ways to leave a context: by returning, by an error, by a cancel; each with a child that ends or one that
// does not.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_exits_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

// True in a child while one of its endpoints runs.
bool running = false;
task<bool> is_running() { co_return running; }
class run_mark {
 public:
  run_mark() { running = true; }
  ~run_mark() { running = false; }
};

task<> simple(context<starts<int>, receives<int>, sends<int>>& ctx, int data, bool blocks) {
  const run_mark mark;
  co_await ctx.started(data + 1);
  if (blocks) co_await sleep_forever();
}

enum class parents_error { none, value_error, cancel };
const std::vector<parents_error> errors_of_the_parent = {parents_error::none, parents_error::value_error,
                                                         parents_error::cancel};
const std::vector<bool> both = {false, true};

// Opens the context, does what is said, and yields how it was left.
task<std::string> simple_round(portal kid, parents_error error, bool blocks, bool streams) {
  std::string left = "returned";
  auto body = [&](auto& ctx, int first) -> task<> {
    EXPECT_EQ(first, 11);
    EXPECT_EQ(co_await kid.run<&is_running>(), blocks);
    if (streams) co_await ctx.open_stream();
    if (error == parents_error::value_error) throw std::domain_error("parent");
    if (error == parents_error::cancel) co_await sleep_forever();
    if (blocks) co_await ctx.cancel();
  };
  auto scope = with_cancel_scope([&](cancel_scope& cut) -> task<> {
    if (error == parents_error::cancel) cut.set_deadline(current_time() + 20ms);
    co_await kid.open_context<&simple>(10, blocks, body);
  });
  try {
    auto done = co_await std::move(scope);
    if (done.cancelled_caught()) left = "cancelled";
  } catch (const std::domain_error&) {
    left = "value error";
  }
  co_return left;
}

enum class cancels_at { never, before_the_stream, in_the_stream, after_the_stream };
const std::vector<cancels_at> points = {cancels_at::never, cancels_at::before_the_stream,
                                        cancels_at::in_the_stream, cancels_at::after_the_stream};

// Echoes, or stands still in its open stream, until its caller closes or cancels; ends by itself if it
// `ends`.
task<std::string> streams(context<starts<void>, receives<std::string>, sends<std::string>>& ctx, bool listens,
                          bool ends) {
  const run_mark mark;
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  co_await stream.send("here");
  if (!listens) co_await sleep_forever();
  while (auto item = co_await stream.next()) co_await stream.send(*item);
  if (!ends) co_await sleep_forever();
  co_return "done";
}

// After its own cancel every use of the context but its leaving meets the acknowledgement.
template <class Context> task<> check_cancelled(Context& ctx) {
  EXPECT_TRUE(ctx.cancel_called());
  EXPECT_TRUE(ctx.cancel_acked());
  EXPECT_EQ(ctx.canceller(), current_actor().id());
  auto waits = co_await raises<context_cancelled>(ctx.wait_for_result());
  EXPECT_EQ(waits.canceller(), current_actor().id());
  bool refused = false;
  try {
    co_await ctx.open_stream();
  } catch (const context_cancelled& end) {
    EXPECT_EQ(end.canceller(), current_actor().id());
    refused = true;
  }
  EXPECT_TRUE(refused) << "a stream opens after the cancel";
}

task<std::string> streaming_round(portal kid, cancels_at when, bool listens, bool raises_it) {
  auto body = [&](auto& ctx) -> task<std::string> {
    if (when == cancels_at::before_the_stream) {
      co_await ctx.cancel();
      co_await check_cancelled(ctx);
      if (raises_it) co_await ctx.open_stream();
      co_return "left";
    }
    auto& stream = co_await ctx.open_stream();
    EXPECT_EQ(co_await stream.receive(), "here");
    if (when == cancels_at::in_the_stream) {
      co_await ctx.cancel();
      CO_ASSERT_THROW(co_await stream.send("late"), context_cancelled);
      CO_ASSERT_THROW(co_await stream.receive(), context_cancelled);
    } else if (listens) {
      co_await stream.send("hello");
      EXPECT_EQ(co_await stream.receive(), "hello");
    }
    co_await stream.aclose();
    if (when == cancels_at::after_the_stream || when == cancels_at::in_the_stream) {
      co_await ctx.cancel();
      co_await check_cancelled(ctx);
    }
    if (when == cancels_at::never && !listens) throw std::domain_error("the child does not end by itself");
    if (raises_it || when == cancels_at::never) co_return co_await ctx.wait_for_result();
    co_return "left";
  };
  co_return co_await kid.open_context<&streams>(listens, when == cancels_at::never, body);
}

task<> closes_its_stream(context<starts<void>, receives<int>, sends<int>>& ctx) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  co_await stream.aclose();
}

TRACTOR_TEST(context_exits, of_a_parent_end_the_child_whatever_either_does) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&simple, &is_running>());
    for (const parents_error error : errors_of_the_parent) {
      for (const bool blocks : both) {
        for (const bool opens : both) {
          auto round = fail_after(roomy(1500ms), simple_round(kid, error, blocks, opens));
          const std::string left = co_await std::move(round);
          const std::string expected = error == parents_error::none          ? "returned"
                                       : error == parents_error::value_error ? "value error"
                                                                             : "cancelled";
          EXPECT_EQ(left, expected) << blocks << opens;
          EXPECT_TRUE(kid.connected());
          EXPECT_FALSE(co_await kid.run<&is_running>()) << expected << blocks << opens;
        }
      }
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_exits, by_the_parents_cancel_at_any_point_of_the_stream_are_absorbed) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&streams, &is_running>());
    for (const cancels_at when : points) {
      for (const bool listens : both) {
        for (const bool raises_it : both) {
          const std::string which = std::to_string(static_cast<int>(when)) + (listens ? " listens" : "") +
                                    (raises_it ? " raises" : "");
          std::string left;
          try {
            auto round = fail_after(roomy(1s), streaming_round(kid, when, listens, raises_it));
            left = co_await std::move(round);
          } catch (const context_cancelled& own) {
            // Absorbed or not, a body that ends by it has no value to yield.
            EXPECT_EQ(own.canceller(), current_actor().id());
            left = "cancelled";
          } catch (const std::domain_error&) {
            left = "error";
          }
          std::string expected = raises_it ? "cancelled" : "left";
          if (when == cancels_at::never) expected = listens ? "done" : "error";
          EXPECT_EQ(left, expected) << which;
          EXPECT_TRUE(kid.connected());
          EXPECT_FALSE(co_await kid.run<&is_running>()) << which;
        }
      }
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_exits, by_the_own_cancel_need_no_value_where_the_body_has_none) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&streams>());
    bool past = false;
    co_await kid.open_context<&streams>(true, true, [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      co_await ctx.cancel();
      co_await stream.receive();
      co_await stream.receive();
      past = true;
    });
    // What had come before the cancel was still to be had: one item, no second.
    EXPECT_FALSE(past);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_exits, of_the_childs_stream_end_the_parents_loop_and_no_more) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&closes_its_stream>());
    for (const bool closes : both) {
      co_await fail_after(roomy(500ms), kid.open_context<&closes_its_stream>([&](auto& ctx) -> task<> {
        auto& stream = co_await ctx.open_stream();
        while (auto item = co_await stream.next()) ADD_FAILURE() << "an item: " << *item;
        CO_ASSERT_THROW(co_await stream.receive(), end_of_channel);
        CO_ASSERT_THROW(stream.receive_nowait(), end_of_channel);
        if (closes) co_await stream.aclose();
        bool refused = false;
        try {
          co_await ctx.open_stream();
        } catch (const closed_resource&) {
          refused = closes;
        } catch (const runtime_failure&) {
          refused = !closes;
        }
        EXPECT_TRUE(refused) << "a stream opens twice";
      }));
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_exits, inside_each_other_end_in_order) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal one = co_await an.start_actor("one", expose<&simple, &is_running>());
    portal two = co_await an.start_actor("two", expose<&simple, &is_running>());
    co_await one.open_context<&simple>(1, true, [&](auto& outer, int) -> task<> {
      co_await two.open_context<&simple>(2, true, [&](auto& inner, int) -> task<> {
        co_await inner.cancel();
        EXPECT_FALSE(outer.cancel_called());
      });
      EXPECT_FALSE(co_await two.run<&is_running>());
      EXPECT_TRUE(co_await one.run<&is_running>());
      co_await outer.cancel();
    });
    EXPECT_FALSE(co_await one.run<&is_running>());
    an.cancel();
  });
}

task<int> counts(context<receives<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  int items = 0;
  while (co_await stream.next()) ++items;
  co_return items;
}

TRACTOR_TEST(context_exits, of_a_stream_in_a_cancelled_scope_tell_the_peer_all_the_same) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&counts>());
    const int counted = co_await kid.open_context<&counts>([&](auto& ctx) -> task<int> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < 3; ++i) co_await stream.send(i);
      cancel_scope given_up;
      given_up.cancel();
      co_await given_up.run([&]() -> task<> { co_await stream.aclose(); });
      EXPECT_TRUE(given_up.cancelled_caught());
      EXPECT_TRUE(stream.closed());
      // It ends by itself, for its loop has ended.
      co_return co_await ctx.wait_for_result();
    });
    EXPECT_EQ(counted, 3);
    co_await kid.cancel_actor();
  });
}

}  // namespace context_exits_test
