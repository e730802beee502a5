// Errors in contexts: of the child, of the parent, of both; in whose place, and what becomes of the rest.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_errors_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<> fails_after_start(context<starts<void>>& ctx) {
  co_await ctx.started();
  throw std::invalid_argument("of the child");
}
task<std::string> streams_then_fails(context<starts<void>, sends<int>>& ctx) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  for (int i = 0; i < 3; ++i) co_await stream.send(i);
  throw std::invalid_argument("behind its items");
}
task<> throws_a_number(context<starts<void>>& ctx) {
  co_await ctx.started();
  throw 42;
}
task<> idles(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}
// Two tasks of the endpoint fail at once.
task<> fails_twice(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await open_task_nursery([](task_nursery& tn) -> task<> {
    tn.start_soon([]() -> task<> {
      throw std::invalid_argument("left");
      co_return;
    });
    tn.start_soon([]() -> task<> {
      throw std::out_of_range("right");
      co_return;
    });
    co_return;
  });
}
// A context of its own, into an actor of its own, inside of the one it serves.
task<> fails_below(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal grandchild = co_await an.start_actor("grandchild", expose<&fails_after_start>());
    auto body = [](auto&) -> task<> { co_await sleep_forever(); };
    co_await grandchild.open_context<&fails_after_start>(body);
  });
}
task<> is_interrupted(context<starts<void>>& ctx) {
  co_await ctx.started();
  ::kill(::getpid(), SIGINT);
  co_await sleep_forever();
}
// The caller's own end of the connection, in the caller's hands.
task<std::string> calls_itself(std::string name) {
  try {
    portal self = co_await wait_for_actor(name);
    auto body = [](auto&) -> task<> { co_return; };
    co_await self.open_context<&idles>(body);
  } catch (const runtime_failure& error) {
    co_return error.what();
  }
  co_return "";
}

TRACTOR_TEST(context_errors, of_the_child_cut_off_whatever_the_parent_waits_for) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails_after_start, &streams_then_fails>());
    auto sleeps = [](auto&) -> task<> { co_await sleep_forever(); };
    auto waits = [](auto& ctx) -> task<> {
      try {
        co_await ctx.wait_for_result();
      } catch (const remote_actor_error& error) {
        EXPECT_EQ(error.message(), "of the child");
        EXPECT_TRUE(ctx.has_outcome());
        throw;
      }
    };
    auto leaves = [](auto&) -> task<> { co_return; };
    auto one = co_await raises<remote_actor_error>(kid.open_context<&fails_after_start>(sleeps));
    auto two = co_await raises<remote_actor_error>(kid.open_context<&fails_after_start>(waits));
    auto three = co_await raises<remote_actor_error>(kid.open_context<&fails_after_start>(leaves));
    for (const remote_actor_error& error : {one, two, three}) {
      EXPECT_TRUE(error.boxed_type_is<std::invalid_argument>());
      EXPECT_EQ(error.src_uid(), kid.peer());
      EXPECT_FALSE(error.is_inception());
    }
    auto reads = [](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      while (auto item = co_await stream.next()) EXPECT_LT(*item, 3);
      ADD_FAILURE() << "an end in place of an error";
    };
    auto four = co_await raises<remote_actor_error>(kid.open_context<&streams_then_fails>(reads));
    EXPECT_EQ(four.message(), "behind its items");
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_errors, that_are_caught_in_the_body_are_raised_again_at_its_end) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails_after_start>());
    auto swallows = [](auto& ctx) -> task<> {
      try {
        co_await ctx.wait_for_result();
      } catch (const remote_actor_error&) {
      }
    };
    auto error = co_await raises<remote_actor_error>(kid.open_context<&fails_after_start>(swallows));
    EXPECT_EQ(error.message(), "of the child");
    // Another error in the handler: neither of the two is lost.
    auto fails_too = [](auto& ctx) -> task<> {
      try {
        co_await ctx.wait_for_result();
      } catch (const remote_actor_error&) {
        throw std::domain_error("of the parent");
      }
    };
    auto both = co_await raises<exception_group>(kid.open_context<&fails_after_start>(fails_too));
    EXPECT_EQ(both.leaf_count(), 2u);
    EXPECT_NE(both.filter<std::domain_error>(), nullptr);
    EXPECT_NE(both.filter<remote_actor_error>(), nullptr);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_errors, of_any_shape_arrive) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&throws_a_number, &fails_twice, &fails_below>());
    auto body = [](auto&) -> task<> { co_await sleep_forever(); };
    auto number = co_await raises<remote_actor_error>(kid.open_context<&throws_a_number>(body));
    EXPECT_EQ(number.src_type_str(), "int");
    auto group = co_await raises<remote_actor_error>(kid.open_context<&fails_twice>(body));
    EXPECT_TRUE(group.boxed_type_is<exception_group>());
    EXPECT_EQ(group.exceptions().size(), 2u);
    auto relayed = co_await raises<remote_actor_error>(kid.open_context<&fails_below>(body));
    EXPECT_TRUE(relayed.boxed_type_is<std::invalid_argument>());
    EXPECT_EQ(relayed.boxed_type_str(), "RemoteActorError");
    EXPECT_EQ(relayed.src_uid().name(), "grandchild");
    EXPECT_EQ(relayed.relay_uid(), kid.peer());
    EXPECT_TRUE(relayed.is_inception());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_errors, of_one_context_end_the_nursery_and_with_it_the_others) {
  std::string other_end;
  auto tree = open_nursery([&](actor_nursery& an) -> task<> {
    portal good = co_await an.start_actor("good", expose<&idles>());
    portal bad = co_await an.start_actor("bad", expose<&fails_after_start>());
    event open;
    an.tasks().start_soon([&]() -> task<> {
      auto body = [&](auto& ctx) -> task<> {
        open.set();
        try {
          co_await sleep_forever();
        } catch (...) {
          other_end = std::string(ctx.state());
          throw;
        }
      };
      co_await good.open_context<&idles>(body);
    });
    co_await open.wait();
    auto body = [](auto&) -> task<> { co_await sleep_forever(); };
    co_await bad.open_context<&fails_after_start>(body);
  });
  auto error = co_await raises<remote_actor_error>(std::move(tree));
  EXPECT_EQ(error.src_uid().name(), "bad");
  // Cancelled from this side, not by the other.
  EXPECT_EQ(other_end, "started");
}

TRACTOR_TEST(context_errors, by_an_interrupt_of_the_child_end_the_context) {
  auto tree = open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&is_interrupted>());
    auto body = [](auto&) -> task<> { co_await sleep_forever(); };
    auto error = co_await raises<context_cancelled>(kid.open_context<&is_interrupted>(body));
    EXPECT_EQ(error.canceller(), kid.peer());
    EXPECT_EQ(error.src_uid(), kid.peer());
  });
  co_await fail_after(roomy(2s), std::move(tree));
}

TRACTOR_TEST(context_errors, a_context_with_oneself_is_refused) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&calls_itself, &idles>());
    const std::string text = co_await kid.run<&calls_itself>("kid");
    EXPECT_THAT(text, HasSubstr("kid@"));
    co_await kid.cancel_actor();
  });
  auto body = [](auto&) -> task<> { co_return; };
  auto empty = co_await raises<runtime_failure>(portal().open_context<&idles>(body));
  EXPECT_THAT(empty.what(), HasSubstr("empty"));
}

TRACTOR_TEST(context_errors, a_context_with_an_actor_that_is_gone_fails_at_once) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&idles>());
    co_await kid.cancel_actor();
    while (kid.connected()) co_await sleep(1ms);
    bool entered = false;
    auto body = [&](auto&) -> task<> {
      entered = true;
      co_return;
    };
    co_await raises<transport_closed>(fail_after(roomy(1s), kid.open_context<&idles>(body)));
    EXPECT_FALSE(entered);
  });
}

}  // namespace context_errors_test
