// What a context says of its end: its outcome while the body lives, and its summary when it was left.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_outcome_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

task<int> answers(context<starts<int>>& ctx, int value) {
  co_await ctx.started(value);
  co_return value + 1;
}
task<> waits(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}
task<> cancels_itself(context<starts<void>>& ctx) {
  co_await ctx.started();
  ctx.cancel();
  co_await checkpoint();
}
task<> fails(context<starts<void>>& ctx) {
  co_await ctx.started();
  throw std::out_of_range("in the endpoint");
}
task<> fails_before_it_starts(context<starts<void>>&) {
  co_await checkpoint();
  throw std::out_of_range("before it has started");
}
task<> takes_no_item(context<receives<int>>& ctx) {
  co_await ctx.open_stream(stream_options().buffer(1).overrun(overrun_policy::error));
  co_await sleep_forever();
}
task<> sends_two(context<receives<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  while (auto wanted = co_await stream.next())
    for (int i = 0; i < 2; ++i) co_await stream.send(i);
}
task<> ends(std::string victim) {
  portal other = co_await wait_for_actor(victim);
  co_await other.cancel_actor();
}

// A body that waits for the end of its context and finds it in the outcome.
const auto sees_the_end = [](auto& ctx) -> task<> {
  try {
    co_await ctx.wait_for_result();
    ADD_FAILURE() << "a result";
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    EXPECT_TRUE(ctx.has_outcome());
    EXPECT_EQ(ctx.outcome().error(), std::current_exception());
    throw;
  }
};

// Its error, which the summary has to have kept, as that type.
template <class Error> Error kept(const context_summary& told) {
  EXPECT_TRUE(told.has_outcome());
  if (!told.maybe_error()) throw std::logic_error("the summary holds no error");
  try {
    std::rethrow_exception(told.maybe_error());
  } catch (const Error& error) {
    return error;
  }
}

TRACTOR_TEST(context_outcome, of_a_result_has_no_error) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&answers>());
    context_summary told;
    EXPECT_EQ(told.state(), "");
    auto body = [](auto& ctx, int first) -> task<int> {
      const int result = co_await ctx.wait_for_result();
      EXPECT_EQ(ctx.outcome().value(), result);
      co_return first + result;
    };
    EXPECT_EQ(co_await kid.open_context<&answers>(told, 1, body), 3);
    EXPECT_TRUE(told.has_outcome());
    EXPECT_FALSE(told.maybe_error());
    EXPECT_FALSE(told.cancel_called());
    EXPECT_FALSE(told.cancelled_caught());
    EXPECT_TRUE(told.canceller().empty());
    EXPECT_EQ(told.state(), "result-returned");
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_the_own_cancel_is_that_cancel_which_nothing_had_to_catch) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    context_summary told;
    co_await kid.open_context<&waits>(told, [](auto& ctx) -> task<> { co_await ctx.cancel(); });
    EXPECT_EQ(kept<context_cancelled>(told).canceller(), current_actor().id());
    EXPECT_TRUE(told.cancel_called());
    EXPECT_TRUE(told.cancel_acked());
    EXPECT_FALSE(told.cancelled_caught());
    EXPECT_EQ(told.canceller(), current_actor().id());
    EXPECT_EQ(told.state(), "self-cancelled");
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_the_own_cancel_is_thrown_where_a_body_is_left_without_its_value) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    context_summary told;
    auto body = [](auto& ctx) -> task<int> {
      co_await ctx.cancel();
      co_await ctx.wait_for_result();
      co_return 1;
    };
    auto error = co_await raises<context_cancelled>(kid.open_context<&waits>(told, body));
    EXPECT_EQ(error.canceller(), current_actor().id());
    EXPECT_TRUE(told.cancel_acked());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_a_cancel_of_the_actor_is_caught_by_the_scope_of_the_body) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    context_summary told;
    auto body = [&](auto& ctx) -> task<> {
      co_await kid.cancel_actor();
      EXPECT_TRUE(ctx.has_outcome());
      co_await sleep_forever();
    };
    co_await raises<context_cancelled>(kid.open_context<&waits>(told, body));
    EXPECT_EQ(kept<context_cancelled>(told).canceller(), current_actor().id());
    EXPECT_FALSE(told.cancel_called());
    EXPECT_TRUE(told.cancelled_caught());
    EXPECT_EQ(told.state(), "peer-cancelled");
  });
}

TRACTOR_TEST(context_outcome, of_a_cancel_by_a_third_actor_names_it) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal victim = co_await an.start_actor("victim", expose<&waits>());
    portal third = co_await an.start_actor("third", expose<&ends>());
    context_summary told;
    auto body = [&](auto&) -> task<> {
      co_await third.run<&ends>("victim");
      co_await sleep_forever();
    };
    co_await raises<context_cancelled>(victim.open_context<&waits>(told, body));
    EXPECT_EQ(kept<context_cancelled>(told).canceller().name(), "third");
    EXPECT_EQ(told.canceller(), victim.peer());
    EXPECT_TRUE(told.cancelled_caught());
    co_await third.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_an_endpoint_that_cancels_itself_or_fails_is_its_error) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&cancels_itself, &fails, &fails_before_it_starts>());
    context_summary told;
    co_await raises<context_cancelled>(kid.open_context<&cancels_itself>(told, sees_the_end));
    EXPECT_EQ(kept<context_cancelled>(told).canceller(), kid.peer());
    co_await raises<remote_actor_error>(kid.open_context<&fails>(told, sees_the_end));
    EXPECT_TRUE(kept<remote_actor_error>(told).boxed_type_is<std::out_of_range>());
    EXPECT_EQ(told.canceller(), kid.peer());
    EXPECT_EQ(told.state(), "errored");
    context_summary early;
    co_await raises<remote_actor_error>(kid.open_context<&fails_before_it_starts>(early, sees_the_end));
    EXPECT_TRUE(kept<remote_actor_error>(early).boxed_type_is<std::out_of_range>());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_a_body_that_fails_is_the_end_of_the_endpoint_that_it_caused) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    context_summary told;
    auto body = [](auto&) -> task<> {
      co_await checkpoint();
      throw std::domain_error("in the body");
    };
    co_await raises<std::domain_error>(kid.open_context<&waits>(told, body));
    EXPECT_EQ(kept<context_cancelled>(told).canceller(), current_actor().id());
    EXPECT_TRUE(told.cancel_called());
    EXPECT_TRUE(told.cancel_acked());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_outcome, of_an_overrun_is_the_overrun_on_either_side) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&takes_no_item, &sends_two>());
    context_summary told;
    auto floods = [](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      try {
        for (int i = 0;; ++i) co_await stream.send(i);
      } catch (const remote_actor_error&) {
        EXPECT_TRUE(ctx.has_outcome());
        EXPECT_EQ(ctx.outcome().error(), std::current_exception());
        throw;
      }
    };
    co_await raises<remote_actor_error>(kid.open_context<&takes_no_item>(told, floods));
    EXPECT_TRUE(kept<remote_actor_error>(told).boxed_type_is<stream_overrun>());
    auto is_flooded = [](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream(stream_options().buffer(1).overrun(overrun_policy::error));
      co_await stream.send(1);
      while (!ctx.has_outcome()) co_await sleep(1ms);
      EXPECT_TRUE(ctx.outcome().failed());
      EXPECT_EQ(ctx.outcome().error(), ctx.maybe_error());
    };
    co_await raises<remote_actor_error>(kid.open_context<&sends_two>(told, is_flooded));
    EXPECT_TRUE(kept<remote_actor_error>(told).boxed_type_is<stream_overrun>());
    co_await kid.cancel_actor();
  });
}

}  // namespace context_outcome_test
