// Errors in contexts: of the child, of the parent, of both; in whose place, and what becomes of the rest.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/async/cleanup.hpp>
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
// Fails, and is cancelled in its clean-up: by a scope there, by itself, or by its caller before it.
task<> hides_its_error(context<starts<void>, sends<int>>& ctx, std::string who_cancels) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  co_await with_cleanup(
      [&]() -> task<> {
        co_await stream.send(1);
        try {
          if (who_cancels == "the caller") co_await sleep_forever();
        } catch (...) {
          throw std::invalid_argument("out of a cancel");
        }
        throw std::invalid_argument("behind a cancel");
      },
      [&](cancel_scope& cleanup) -> task<> {
        if (who_cancels == "the endpoint") ctx.cancel("in its clean-up");
        cleanup.cancel();
        co_await sleep_forever();
      },
      1h);
}
// Looks for itself by its name, in each way there is; yields what it is told.
task<std::vector<std::string>> looks_for_itself(std::string name) {
  std::vector<std::string> told;
  auto waits = co_await raises<runtime_failure>(wait_for_actor(name));
  told.push_back(waits.what());
  auto finds = co_await raises<runtime_failure>(find_actor(name));
  told.push_back(finds.what());
  auto all = co_await find_actors(name);
  if (!all.empty()) told.push_back("has a portal to itself");
  co_return told;
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

TRACTOR_TEST(context_errors, that_a_cancel_in_the_cleanup_would_hide_are_seen_by_the_caller) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&hides_its_error>());
    const std::vector<std::string> all = {"a scope", "the endpoint", "the caller"};
    for (const std::string& who : all) {
      auto body = [&](auto& ctx) -> task<> {
        auto& stream = co_await ctx.open_stream();
        co_await stream.receive();
        if (who == "the caller")
          co_await ctx.cancel("enough");
        else
          co_await sleep_forever();
      };
      auto error = co_await raises<remote_actor_error>(kid.open_context<&hides_its_error>(who, body));
      EXPECT_TRUE(error.boxed_type_is<std::invalid_argument>()) << who << ": " << error.what();
      EXPECT_EQ(error.message(), who == "the caller" ? "out of a cancel" : "behind a cancel") << who;
      EXPECT_EQ(error.src_uid(), kid.peer()) << who;
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_errors, that_are_nothing_but_cancels_can_be_told_from_others) {
  for (const bool with_another : {false, true}) {
    std::exception_ptr error;
    try {
      co_await open_nursery([&](actor_nursery& an) -> task<> {
        portal kid = co_await an.start_actor("kid", expose<&idles>());
        int open = 0;
        event both;
        auto body = [&](auto&) -> task<> {
          if (++open == 2) both.set();
          co_await sleep_forever();
        };
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          for (int i = 0; i < 2; ++i)
            tn.start_soon([&]() -> task<> { co_await shielded(kid.open_context<&idles>(body)); });
          co_await both.wait();
          co_await kid.cancel_actor();
          if (with_another) throw std::range_error("no cancel");
        });
      });
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    CO_ASSERT_TRUE(is_error<exception_group>(error)) << describe(error);
    EXPECT_EQ(is_multi_cancelled<context_cancelled>(error), !with_another) << describe(error);
    // Of others, that is; none of this actor's own tasks was cancelled.
    EXPECT_FALSE(is_multi_cancelled(error)) << describe(error);
  }
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

// A portal to oneself is not to be had, so that no context with oneself can be opened.
TRACTOR_TEST(context_errors, nobody_gets_a_portal_to_oneself_to_open_a_context_with) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&looks_for_itself, &idles>());
    co_await wait_for_actor("kid");
    const auto told = co_await kid.run<&looks_for_itself>("kid");
    const std::string text =
        "the actor found is this one, '" + kid.peer().short_form() + "': call its functions directly";
    EXPECT_THAT(told, testing::ElementsAre(text, text));
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
