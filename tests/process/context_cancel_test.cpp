// Cancelling contexts: who is told, who absorbs it, how long it may take, and what goes on meanwhile.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_cancel_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<std::string> echo(std::string text) { co_return text; }

task<std::string> waits(context<starts<void>, sends<int>>& ctx) {
  co_await ctx.started();
  co_await ctx.open_stream();
  co_await sleep_forever();
  co_return "not cancelled";
}

// Deaf to its cancel for so long.
task<> ends_late(context<starts<void>>& ctx, int milliseconds) {
  co_await ctx.started();
  co_await shielded(sleep(std::chrono::milliseconds(milliseconds)));
  co_await sleep_forever();
}

task<> cancels_itself(context<starts<void>>& ctx) {
  co_await ctx.started();
  ctx.cancel("of my own");
  co_await sleep_forever();
}

// Its scope is cancelled at once: what comes behind the cancel is not reached, whoever listens.
task<int> goes_on_after_its_cancel(context<starts<void>>& ctx) {
  co_await ctx.started();
  ctx.cancel();
  co_await checkpoint();
  co_return 1;
}

task<> answers_by_an_error(context<starts<void>>& ctx) {
  co_await ctx.started();
  try {
    co_await sleep_forever();
  } catch (...) {
  }
  throw std::underflow_error("instead of an end");
}

task<> fails_soon(context<starts<void>>& ctx) {
  co_await ctx.started();
  throw std::out_of_range("soon");
}

TRACTOR_TEST(context_cancel, by_the_context_keeps_the_bodys_value) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    auto body = [&](auto& ctx) -> task<std::string> {
      co_await ctx.cancel();
      // The outcome is the acknowledgement, one object wherever it is met.
      EXPECT_EQ(ctx.outcome().error(), ctx.maybe_error());
      try {
        co_await ctx.wait_for_result();
        ADD_FAILURE() << "a result";
      } catch (const context_cancelled&) {
        EXPECT_EQ(std::current_exception(), ctx.maybe_error());
      }
      co_return "yo";
    };
    const std::string kept = co_await fail_after(roomy(500ms), kid.open_context<&waits>(body));
    EXPECT_EQ(kept, "yo");
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, by_the_portal_is_raised_in_every_context_of_the_actor) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    int raised = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      event open;
      for (int i = 0; i < 3; ++i) {
        tn.start_soon([&, i]() -> task<> {
          auto body = [&](auto& ctx) -> task<> {
            if (i == 2) open.set();
            try {
              co_await sleep_forever();
            } catch (...) {
              EXPECT_EQ(ctx.canceller(), current_actor().id());
              EXPECT_FALSE(ctx.cancel_acked());
              throw;
            }
          };
          auto end = co_await raises<context_cancelled>(kid.open_context<&waits>(body));
          EXPECT_EQ(end.canceller(), current_actor().id());
          ++raised;
        });
      }
      co_await open.wait();
      EXPECT_TRUE(co_await kid.cancel_actor());
    });
    EXPECT_EQ(raised, 3);
  });
}

TRACTOR_TEST(context_cancel, of_one_context_leaves_the_others_of_the_actor_alone) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits, &cancels_itself, &fails_soon, &echo>());
    auto idle = [](auto&) -> task<> { co_await sleep_forever(); };
    co_await kid.open_context<&waits>([&](auto& spared) -> task<> {
      co_await kid.open_context<&waits>([&](auto& other) -> task<> { co_await other.cancel(); });
      co_await raises<context_cancelled>(kid.open_context<&cancels_itself>(idle));
      co_await raises<remote_actor_error>(kid.open_context<&fails_soon>(idle));
      auto mine = [](auto&) -> task<> {
        throw std::domain_error("mine");
        co_return;
      };
      co_await raises<std::domain_error>(kid.open_context<&waits>(mine));
      EXPECT_FALSE(spared.has_outcome());
      EXPECT_EQ(spared.state(), "started");
      EXPECT_EQ(co_await kid.run<&echo>("still here"), "still here");
      co_await spared.cancel();
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, by_a_sibling_task_wakes_the_reader_who_may_finish_in_peace) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      bool finished = false;
      co_await kid.open_context<&waits>([&](auto& ctx) -> task<> {
        auto& stream = co_await ctx.open_stream();
        tn.start_soon([&]() -> task<> { co_await ctx.cancel("by a sibling"); });
        std::string reason;
        try {
          co_await stream.receive();
        } catch (const context_cancelled& end) {
          reason = end.reason();
        }
        EXPECT_EQ(reason, "by a sibling");
        // It has been told where it stood: nothing else cuts it off.
        co_await sleep(1ms);
        finished = true;
        co_await stream.receive();
      });
      EXPECT_TRUE(finished);
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, by_a_sibling_task_cuts_off_an_owner_that_waits_elsewhere) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      bool cut = false;
      co_await fail_after(roomy(1s), kid.open_context<&waits>([&](auto& ctx) -> task<> {
        tn.start_soon([&]() -> task<> { co_await ctx.cancel(); });
        try {
          co_await sleep_forever();
        } catch (...) {
          cut = true;
          EXPECT_TRUE(ctx.cancel_acked());
          throw;
        }
      }));
      EXPECT_TRUE(cut);
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, that_is_slow_holds_up_nothing_else_of_the_connection) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ends_late, &echo>());
    int answered = 0;
    co_await kid.open_context<&ends_late>(900, [&](auto& ctx) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { co_await ctx.cancel(); });
        co_await checkpoint();
        while (!ctx.has_outcome() && answered < 200) {
          EXPECT_EQ(co_await kid.run<&echo>("next"), "next");
          ++answered;
        }
        // All of them long before the end that was asked for first.
        EXPECT_FALSE(ctx.has_outcome());
      });
    });
    EXPECT_EQ(answered, 200);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, waits_for_its_acknowledgement_no_longer_than_the_bound) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ends_late>());
    const time_point before = current_time();
    co_await kid.open_context<&ends_late>(1200, [&](auto& ctx) -> task<> {
      co_await ctx.cancel();
      const duration bound = current_time() - before;
      EXPECT_GE(bound, 490ms);
      EXPECT_LT(bound, 1200ms);
      // Late is not refused: this end goes on, untouched.
      EXPECT_TRUE(ctx.cancel_called());
      EXPECT_FALSE(ctx.cancel_acked());
      EXPECT_FALSE(ctx.has_outcome());
      co_await checkpoint();
    });
    // Leaving waits for the other end's last word all the same.
    EXPECT_GE(current_time() - before, 1190ms);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, waits_no_longer_and_no_less_than_the_bound_that_it_is_given) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ends_late>());
    // With the default it would be waited for.
    co_await kid.open_context<&ends_late>(450, [&](auto& ctx) -> task<> {
      co_await ctx.cancel("soon", 10ms);
      EXPECT_FALSE(ctx.has_outcome());
      EXPECT_FALSE(ctx.cancel_acked());
      co_await checkpoint();
    });
    co_await kid.open_context<&ends_late>(450, [&](auto& ctx) -> task<> {
      co_await ctx.cancel("at once", 0ms);
      EXPECT_FALSE(ctx.has_outcome());
      co_await checkpoint();
    });
    // With the default it would not.
    co_await kid.open_context<&ends_late>(900, [&](auto& ctx) -> task<> {
      co_await ctx.cancel("late", 30s);
      EXPECT_TRUE(ctx.has_outcome());
      EXPECT_TRUE(ctx.cancel_acked());
      co_await checkpoint();
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, is_shielded_and_done_once) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    auto cut = co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
      co_await kid.open_context<&waits>([&](auto& ctx) -> task<> {
        scope.cancel();
        co_await ctx.cancel("the first");
        EXPECT_TRUE(ctx.cancel_acked());
        co_await ctx.cancel("the second");
        try {
          std::rethrow_exception(ctx.maybe_error());
        } catch (const context_cancelled& end) {
          EXPECT_EQ(end.reason(), "the first");
        }
        co_await checkpoint();
        ADD_FAILURE() << "past a checkpoint of a cancelled scope";
      });
    });
    EXPECT_TRUE(cut.cancelled_caught());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, of_the_child_by_itself_reaches_its_next_checkpoint) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&goes_on_after_its_cancel>());
    auto body = [&](auto& ctx) -> task<> { co_await ctx.wait_for_result(); };
    auto end = co_await raises<context_cancelled>(kid.open_context<&goes_on_after_its_cancel>(body));
    EXPECT_EQ(end.canceller(), kid.peer());
    EXPECT_THAT(end.message(), HasSubstr("itself"));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, answered_by_an_error_is_that_error) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&answers_by_an_error>());
    auto body = [&](auto& ctx) -> task<> {
      co_await ctx.cancel();
      EXPECT_FALSE(ctx.cancel_acked());
      co_await checkpoint();
    };
    auto error = co_await raises<remote_actor_error>(kid.open_context<&answers_by_an_error>(body));
    EXPECT_TRUE(error.boxed_type_is<std::underflow_error>());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, of_an_outer_context_passes_through_the_inner_one) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    bool inner_raised = false;
    co_await kid.open_context<&waits>([&](auto& outer) -> task<> {
      auto body = [&](auto& inner) -> task<> {
        co_await outer.cancel();
        EXPECT_FALSE(inner.cancel_called());
        co_await outer.wait_for_result();
      };
      // Only the context whose own cancel it is absorbs the acknowledgement.
      try {
        co_await kid.open_context<&waits>(body);
      } catch (const context_cancelled&) {
        inner_raised = std::current_exception() == outer.maybe_error();
        throw;
      }
    });
    EXPECT_TRUE(inner_raised);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_cancel, of_a_group_of_errors_leaves_the_others) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&waits>());
    auto body = [&](auto& ctx) -> task<> {
      co_await ctx.cancel();
      std::vector<std::exception_ptr> both = {ctx.maybe_error(),
                                              std::make_exception_ptr(std::domain_error("mine"))};
      std::rethrow_exception(join_errors("two", both));
    };
    // One is left, and comes out bare.
    auto mine = co_await raises<std::domain_error>(kid.open_context<&waits>(body));
    EXPECT_STREQ(mine.what(), "mine");
    co_await kid.cancel_actor();
  });
}

}  // namespace context_cancel_test
