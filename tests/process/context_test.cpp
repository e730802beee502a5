// Contexts: the two linked tasks, what each sees of the other, and the mistakes one can make.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace context_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

struct order {
  int id = 0;
  std::string who;
};
struct tick {
  int n = 0;
  std::string text;
};

task<std::string> worker(context<starts<int>, receives<order>, sends<tick>>& ctx, std::string who) {
  co_await ctx.started(7);
  auto& stream = co_await ctx.open_stream();
  int n = 0;
  while (auto item = co_await stream.next()) co_await stream.send(++n, who + ":" + item->who);
  co_return who + " done";
}

task<int> plain(context<starts<int>>& ctx, int value) {
  co_await ctx.started(value + 1);
  co_return value + 2;
}

task<> silent(context<>&) { co_return; }

task<> waits(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

task<> never_starts(context<starts<int>>&) { co_await sleep_forever(); }

task<> starts_twice(context<starts<int>>& ctx) {
  co_await ctx.started(1);
  co_await ctx.started(2);
}

task<> streams_before_it_starts(context<starts<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await stream.send(1);
  co_await ctx.started(1);
}

task<> forgets_to_start(context<starts<int>>&) { co_return; }

task<> opens_twice(context<sends<int>>& ctx) {
  co_await ctx.open_stream();
  co_await ctx.open_stream();
}

task<> fails_when_told(context<starts<int>, receives<int>>& ctx) {
  co_await ctx.started(1);
  auto& stream = co_await ctx.open_stream();
  co_await stream.receive();
  throw std::invalid_argument("no such luck");
}

task<> fails_before_start(context<starts<int>>&) {
  throw std::out_of_range("too early");
  co_return;
}

task<> cancels_itself(context<starts<int>>& ctx, bool before) {
  if (!before) co_await ctx.started(1);
  ctx.cancel("enough");
  co_await sleep_forever();
}

task<int> rejects(context<starts<int>>& ctx) {
  co_await ctx.started(1);
  try {
    co_await sleep_forever();
  } catch (...) {
  }
  throw std::runtime_error("failed on the way out");
}

TRACTOR_TEST(context, yields_the_started_value_items_both_ways_and_a_result) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&worker>());
    std::string end =
        co_await kid.open_context<&worker>("bob", [&](auto& ctx, int first) -> task<std::string> {
          EXPECT_EQ(first, 7);
          EXPECT_EQ(ctx.state(), "started");
          EXPECT_EQ(ctx.side(), context_side::parent);
          auto& stream = co_await ctx.open_stream();
          for (int i = 1; i <= 3; ++i) {
            co_await stream.send(i, "ann");
            tick back = co_await stream.receive();
            EXPECT_EQ(back.n, i);
            EXPECT_EQ(back.text, "bob:ann");
          }
          EXPECT_EQ(ctx.state(), "streaming");
          co_await stream.aclose();
          EXPECT_EQ(ctx.state(), "streaming-finished");
          std::string result = co_await ctx.wait_for_result();
          EXPECT_TRUE(ctx.has_outcome());
          EXPECT_EQ(ctx.outcome().value(), "bob done");
          EXPECT_EQ(ctx.state(), "result-returned");
          co_return result;
        });
    EXPECT_EQ(end, "bob done");
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, waits_for_the_result_when_the_body_is_left) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&plain, &silent>());
    int first = co_await kid.open_context<&plain>(10, [&](auto& ctx, int value) -> task<int> {
      EXPECT_FALSE(ctx.cancel_called());
      co_return value;
    });
    EXPECT_EQ(first, 11);
    co_await kid.open_context<&silent>([&](auto& ctx) -> task<> {
      co_await ctx.wait_for_result();
      EXPECT_EQ(ctx.maybe_error(), nullptr);
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, misuse_by_the_endpoint_is_an_error_of_its_caller) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor(
        "kid", expose<&starts_twice, &streams_before_it_starts, &forgets_to_start, &opens_twice>());
    auto body = [](auto& ctx, int) -> task<> { co_await ctx.wait_for_result(); };
    auto bare = [](auto& ctx) -> task<> { co_await ctx.wait_for_result(); };
    auto twice = co_await raises<remote_actor_error>(kid.open_context<&starts_twice>(body));
    EXPECT_THAT(twice.message(), HasSubstr("a second time"));
    EXPECT_TRUE(twice.boxed_type_is<runtime_failure>());
    auto early = co_await raises<remote_actor_error>(kid.open_context<&streams_before_it_starts>(body));
    EXPECT_THAT(early.message(), HasSubstr("before it has called started"));
    auto never = co_await raises<remote_actor_error>(kid.open_context<&forgets_to_start>(body));
    EXPECT_THAT(never.message(), HasSubstr("without having called started"));
    auto again = co_await raises<remote_actor_error>(kid.open_context<&opens_twice>(bare));
    EXPECT_THAT(again.message(), HasSubstr("open already"));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, an_error_of_the_endpoint_cancels_the_body_and_is_raised) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails_when_told, &fails_before_start>());
    bool cut = false;
    auto body = [&](auto& ctx, int) -> task<> {
      auto& stream = co_await ctx.open_stream();
      try {
        co_await stream.send(1);
        co_await sleep_forever();
      } catch (...) {
        cut = true;
        throw;
      }
    };
    auto late = co_await raises<remote_actor_error>(kid.open_context<&fails_when_told>(body));
    EXPECT_TRUE(late.boxed_type_is<std::invalid_argument>());
    EXPECT_EQ(late.src_uid().name(), "kid");
    EXPECT_TRUE(cut);
    bool entered = false;
    auto enters = [&](auto&, int) -> task<> {
      entered = true;
      co_return;
    };
    auto early = co_await raises<remote_actor_error>(kid.open_context<&fails_before_start>(enters));
    EXPECT_TRUE(early.boxed_type_is<std::out_of_range>());
    EXPECT_FALSE(entered);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, its_own_cancel_is_absorbed_and_acknowledged) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    co_await kid.open_context<&waits>([&](auto& ctx) -> task<> {
      co_await ctx.cancel("tired of it");
      EXPECT_TRUE(ctx.cancel_called());
      EXPECT_TRUE(ctx.cancel_acked());
      EXPECT_EQ(ctx.canceller(), current_actor().id());
      EXPECT_EQ(ctx.state(), "self-cancelled");
      EXPECT_TRUE(ctx.outcome().failed());
      auto end = co_await raises<context_cancelled>(ctx.wait_for_result());
      EXPECT_EQ(end.canceller(), current_actor().id());
      EXPECT_EQ(end.reason(), "tired of it");
      co_await ctx.wait_for_result();  // leaves the body with it
      ADD_FAILURE() << "the result of a cancelled endpoint";
    });
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, a_cancel_of_the_endpoint_itself_is_raised_with_its_name) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&cancels_itself>());
    auto body = [](auto&, int) -> task<> { co_await sleep_forever(); };
    for (bool before : {true, false}) {
      auto error = co_await raises<context_cancelled>(kid.open_context<&cancels_itself>(before, body));
      EXPECT_EQ(error.canceller(), kid.peer());
      EXPECT_THAT(error.message(), HasSubstr("itself: enough"));
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, an_error_of_the_body_cancels_the_endpoint_and_wins) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits, &rejects>());
    auto fails = [](auto&) -> task<> {
      throw std::domain_error("mine");
      co_return;
    };
    auto mine = co_await raises<std::domain_error>(kid.open_context<&waits>(fails));
    EXPECT_STREQ(mine.what(), "mine");
    // An endpoint that answers its cancel with an error of its own: neither is lost.
    auto fails_too = [](auto&, int) -> task<> {
      throw std::domain_error("mine");
      co_return;
    };
    auto both = co_await raises<exception_group>(kid.open_context<&rejects>(fails_too));
    EXPECT_EQ(both.leaf_count(), 2u);
    EXPECT_NE(both.filter<std::domain_error>(), nullptr);
    EXPECT_NE(both.filter<remote_actor_error>(), nullptr);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, a_cancelled_caller_cancels_the_endpoint_before_and_after_its_start) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits, &never_starts>());
    bool entered = false;
    auto body = [&](auto&) -> task<> {
      entered = true;
      co_await sleep_forever();
    };
    auto after = co_await move_on_after(100ms, kid.open_context<&waits>(body));
    EXPECT_TRUE(after.cancelled_caught());
    EXPECT_TRUE(entered);
    auto never = [](auto&, int) -> task<> { co_return; };
    auto before = co_await move_on_after(100ms, kid.open_context<&never_starts>(never));
    EXPECT_TRUE(before.cancelled_caught());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context, a_cancel_of_the_whole_actor_by_its_caller_is_raised) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    auto body = [&](auto& ctx) -> task<> {
      co_await kid.cancel_actor();
      EXPECT_FALSE(ctx.cancel_called());
      co_await sleep_forever();
    };
    auto error = co_await raises<context_cancelled>(kid.open_context<&waits>(body));
    EXPECT_EQ(error.canceller(), current_actor().id());
  });
}

}  // namespace context_test
