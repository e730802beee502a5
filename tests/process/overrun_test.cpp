// Receivers that are slower than their senders: what each policy does with what comes too fast, on either
// side.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace overrun_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int items = 300;
constexpr std::size_t room = 10;

stream_options options_of(overrun_policy policy) { return stream_options().buffer(room).overrun(policy); }

// Takes nothing before `items` are there or cannot come any more; then takes what there is, and counts it.
template <class Stream> task<int> takes_slowly(Stream& stream, overrun_policy policy) {
  const std::uint64_t wanted = policy == overrun_policy::wait ? room : items;
  while (stream.statistics().received < wanted) co_await sleep(1ms);
  int taken = 0;
  int last = -1;
  while (auto item = co_await stream.next()) {
    EXPECT_GT(*item, last);
    last = *item;
    ++taken;
    if (last == items - 1) break;
  }
  co_return taken;
}

// What is to be left of all items after a policy.
int kept_by(overrun_policy policy) {
  if (policy == overrun_policy::wait) return items;
  return policy == overrun_policy::conflate ? 1 : static_cast<int>(room);
}

template <class Stream> task<> sends_all(Stream& stream) {
  for (int i = 0; i < items; ++i) co_await stream.send(i);
}

task<int> slow_child(context<receives<int>>& ctx, int policy) {
  const auto chosen = static_cast<overrun_policy>(policy);
  auto& stream = co_await ctx.open_stream(options_of(chosen));
  co_return co_await takes_slowly(stream, chosen);
}

task<std::uint64_t> fast_child(context<sends<int>, receives<std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await sends_all(stream);
  while (auto word = co_await stream.next()) break;
  co_return stream.statistics().sent;
}

task<> endless_child(context<sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  for (int i = 0;; ++i) co_await stream.send(i);
}

// Opens its stream only when all that its caller could send is there, with a smaller buffer.
task<int> opens_late(context<starts<void>, receives<int>>& ctx, int policy) {
  co_await ctx.started();
  co_await sleep(50ms);
  auto& stream = co_await ctx.open_stream(options_of(static_cast<overrun_policy>(policy)));
  int taken = 0;
  while (auto item = co_await stream.next()) ++taken;
  co_return taken;
}

task<> never_opens(context<starts<void>, receives<int>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

constexpr overrun_policy policies[] = {overrun_policy::wait, overrun_policy::drop_oldest,
                                       overrun_policy::conflate};

TRACTOR_TEST(overrun, by_a_policy_of_the_slow_child_is_no_error) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&slow_child>());
    for (const overrun_policy policy : policies) {
      auto body = [&](auto& ctx) -> task<int> {
        auto& stream = co_await ctx.open_stream();
        co_await sends_all(stream);
        co_return co_await ctx.wait_for_result();
      };
      auto round = kid.open_context<&slow_child>(static_cast<int>(policy), body);
      const int taken = co_await fail_after(roomy(2s), std::move(round));
      EXPECT_EQ(taken, kept_by(policy));
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, by_a_policy_of_the_slow_parent_is_no_error) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fast_child>());
    for (const overrun_policy policy : policies) {
      auto body = [&](auto& ctx) -> task<> {
        auto& stream = co_await ctx.open_stream(options_of(policy));
        const int taken = co_await takes_slowly(stream, policy);
        EXPECT_EQ(taken, kept_by(policy));
        co_await stream.send("enough");
        EXPECT_EQ(co_await ctx.wait_for_result(), static_cast<std::uint64_t>(items));
        EXPECT_EQ(stream.statistics().dropped, static_cast<std::uint64_t>(items - kept_by(policy)));
      };
      co_await fail_after(roomy(2s), kid.open_context<&fast_child>(body));
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, of_the_child_is_an_error_of_the_parent_who_sent) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&slow_child>());
    auto body = [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      try {
        for (int i = 0;; ++i) co_await stream.send(i);
      } catch (const remote_actor_error&) {
        EXPECT_EQ(ctx.state(), "errored");
        throw;
      }
    };
    auto round = kid.open_context<&slow_child>(static_cast<int>(overrun_policy::error), body);
    auto error = co_await raises<remote_actor_error>(fail_after(roomy(2s), std::move(round)));
    EXPECT_TRUE(error.boxed_type_is<stream_overrun>());
    EXPECT_EQ(error.record().sender, current_actor().id());
    EXPECT_EQ(error.src_uid(), kid.peer());
    EXPECT_FALSE(error.is_inception());
    EXPECT_THAT(error.message(), HasSubstr("10 items wait already"));
    EXPECT_EQ(error.message().find("not opened"), std::string::npos);
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, of_the_parent_comes_back_to_it_through_the_child_who_sent) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&endless_child>());
    auto body = [&](auto& ctx) -> task<> {
      co_await ctx.open_stream(options_of(overrun_policy::error));
      co_await sleep_forever();
    };
    auto round = kid.open_context<&endless_child>(body);
    auto error = co_await raises<remote_actor_error>(fail_after(roomy(2s), std::move(round)));
    EXPECT_TRUE(error.boxed_type_is<stream_overrun>());
    EXPECT_THAT(error.message(), HasSubstr("too slow"));
    // Raised here, relayed there.
    EXPECT_TRUE(error.is_inception());
    EXPECT_EQ(error.src_uid(), current_actor().id());
    EXPECT_EQ(error.relay_uid(), kid.peer());
    EXPECT_EQ(error.record().sender, kid.peer());
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, behind_the_parents_own_cancel_is_not_raised) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&endless_child>());
    // Whichever of the two comes first: the child's end by the overrun, or the cancel.
    int swallowed = 0;
    for (int round = 0; round < 40; ++round) {
      bool cancelled_first = false;
      auto body = [&](auto& ctx) -> task<> {
        if (round % 2 == 0) co_await sleep(2ms);
        auto& stream = co_await ctx.open_stream(options_of(overrun_policy::error));
        for (int turn = 0; turn < round / 2; ++turn) co_await checkpoint();
        cancelled_first = !ctx.maybe_error();
        if (stream.statistics().dropped > 0 && cancelled_first) ++swallowed;
        co_await ctx.cancel();
      };
      try {
        co_await fail_after(roomy(2s), kid.open_context<&endless_child>(body));
      } catch (const remote_actor_error& error) {
        EXPECT_TRUE(error.boxed_type_is<stream_overrun>()) << error.what();
        EXPECT_FALSE(cancelled_first) << "round " << round;
      }
    }
    EXPECT_GT(swallowed, 0);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, of_a_stream_that_is_not_open_yet_holds_its_sender_at_the_first_window) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&never_opens>());
    auto body = [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      auto flood = co_await move_on_after(50ms, [&](cancel_scope&) -> task<> {
        for (int i = 0;; ++i) co_await stream.send(i);
      });
      EXPECT_TRUE(flood.cancelled_caught());
      EXPECT_EQ(stream.statistics().sent, 64u);
      EXPECT_FALSE(ctx.has_outcome());
      co_await ctx.cancel();
    };
    co_await fail_after(roomy(1s), kid.open_context<&never_opens>(body));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, of_a_stream_that_opens_late_is_what_its_policy_says) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&opens_late>());
    auto body = [&](auto& ctx) -> task<int> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < 64; ++i) co_await stream.send(i);
      co_await stream.aclose();
      co_return co_await ctx.wait_for_result();
    };
    for (const overrun_policy policy : policies) {
      const int taken = co_await kid.open_context<&opens_late>(static_cast<int>(policy), body);
      EXPECT_EQ(taken, policy == overrun_policy::wait ? 64 : kept_by(policy));
    }
    auto complains = kid.open_context<&opens_late>(static_cast<int>(overrun_policy::error), body);
    auto error = co_await raises<remote_actor_error>(std::move(complains));
    EXPECT_TRUE(error.boxed_type_is<stream_overrun>());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(overrun, of_a_parent_that_never_opens_ends_with_its_body) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fast_child, &endless_child>());
    // The child sends until it may not, and goes on when its caller only waits for the result.
    std::uint64_t sent = co_await kid.open_context<&fast_child>([&](auto& ctx) -> task<std::uint64_t> {
      auto& stream = co_await ctx.open_stream();
      co_await stream.send("enough");
      co_return co_await ctx.wait_for_result();
    });
    EXPECT_EQ(sent, static_cast<std::uint64_t>(items));
    co_await fail_after(roomy(1s), kid.open_context<&endless_child>([&](auto& ctx) -> task<> {
      co_await sleep(20ms);
      co_await ctx.cancel();
    }));
    co_await kid.cancel_actor();
  });
}

}  // namespace overrun_test
