// Three actors and more: one cancels another, and everybody with a context into that one hears who it was.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace inter_peer_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<> sleeps(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

task<> cancels(std::string victim) {
  portal other = co_await wait_for_actor(victim);
  co_await other.cancel_actor();
}

// What an actor with a context into the victim has to say of its end; names, since pids do not travel in
// errors.
struct report {
  std::string caller, error_source, canceller, ctx_canceller, state;
  bool cancel_called = false;
};

template <class Context> void fill(report& out, const context_cancelled& end, const Context& ctx) {
  out.caller = current_actor().id().name();
  out.error_source = end.src_uid().name();
  out.canceller = end.canceller().name();
  out.ctx_canceller = ctx.canceller().name();
  out.state = std::string(ctx.state());
  out.cancel_called = ctx.cancel_called();
}

// Opens a context into the victim and says so; then does with its end what it is told.
task<report> watches(context<starts<void>>& mine, std::string victim, std::string how) {
  report out;
  portal other = co_await wait_for_actor(victim);
  auto body = [&](auto& ctx) -> task<> {
    co_await mine.started();
    try {
      co_await ctx.wait_for_result();
    } catch (const context_cancelled& end) {
      fill(out, end, ctx);
      if (how == "fails") throw std::domain_error("while handling the end of " + victim);
      throw;
    }
  };
  try {
    co_await other.open_context<&sleeps>(body);
  } catch (const context_cancelled&) {
    if (how == "relays") throw;
  }
  co_return out;
}

void check(const report& said, const std::string& caller) {
  EXPECT_EQ(said.caller, caller);
  EXPECT_EQ(said.error_source, "victim");
  EXPECT_EQ(said.canceller, "canceller");
  EXPECT_EQ(said.ctx_canceller, "victim");
  EXPECT_EQ(said.state, "peer-cancelled");
  EXPECT_FALSE(said.cancel_called);
}

// A service that starts an actor for its client and waits for what the client makes of it.
task<report> spawns_for_a_client(context<starts<void>>& ctx) {
  report out;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal sub = co_await an.start_actor("sub", expose<&sleeps>());
    auto body = [&](auto& inner) -> task<> {
      co_await ctx.started();
      try {
        co_await inner.wait_for_result();
      } catch (const context_cancelled& end) {
        fill(out, end, inner);
      }
      co_return;
    };
    try {
      co_await sub.open_context<&sleeps>(body);
    } catch (const context_cancelled&) {
    }
  });
  co_return out;
}

// Its own context into the actor that it cancels is no exception.
task<report> watches_and_cancels(std::string victim) {
  report out;
  portal other = co_await wait_for_actor(victim);
  auto body = [&](auto& ctx) -> task<> {
    co_await other.cancel_actor();
    try {
      co_await ctx.wait_for_result();
    } catch (const context_cancelled& end) {
      fill(out, end, ctx);
      throw;
    }
  };
  try {
    co_await other.open_context<&sleeps>(body);
  } catch (const context_cancelled&) {
    out.state += ", raised";
  }
  co_return out;
}

TRACTOR_TEST(inter_peer, cancel_is_raised_with_its_canceller_in_every_context_into_the_cancelled) {
  constexpr int watchers = 3;
  std::vector<report> reports;
  bool root_told = false;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal victim = co_await an.start_actor("victim", expose<&sleeps>());
    portal canceller = co_await an.start_actor("canceller", expose<&cancels>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      int ready = 0;
      event all_ready;
      auto one_more = [&] {
        if (++ready == watchers + 1) all_ready.set();
      };
      for (int i = 0; i < watchers; ++i) {
        portal watcher = co_await an.start_actor("watcher" + std::to_string(i), expose<&watches>());
        tn.start_soon(
            [&](portal at) -> task<> {
              report said =
                  co_await at.open_context<&watches>("victim", "handles", [&](auto& ctx) -> task<report> {
                    one_more();
                    co_return co_await ctx.wait_for_result();
                  });
              reports.push_back(said);
            },
            watcher);
      }
      tn.start_soon([&]() -> task<> {
        auto body = [&](auto& ctx) -> task<> {
          one_more();
          try {
            co_await ctx.wait_for_result();
          } catch (const context_cancelled&) {
            EXPECT_EQ(ctx.canceller(), victim.peer());
            throw;
          }
        };
        auto end = co_await raises<context_cancelled>(victim.open_context<&sleeps>(body));
        EXPECT_EQ(end.canceller(), canceller.peer());
        EXPECT_EQ(end.src_uid(), victim.peer());
        root_told = true;
      });
      co_await all_ready.wait();
      co_await canceller.run<&cancels>("victim");
    });
    an.cancel();
  });
  EXPECT_TRUE(root_told);
  CO_ASSERT_EQ(reports.size(), static_cast<std::size_t>(watchers));
  for (const report& said : reports) check(said, said.caller);
}

TRACTOR_TEST(inter_peer, cancel_that_is_not_handled_goes_on_to_the_watchers_caller) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("victim", expose<&sleeps>());
    portal canceller = co_await an.start_actor("canceller", expose<&cancels>());
    portal watcher = co_await an.start_actor("watcher", expose<&watches>());
    auto body = [&](auto& ctx) -> task<> {
      co_await canceller.run<&cancels>("victim");
      try {
        co_await ctx.wait_for_result();
      } catch (const context_cancelled&) {
        // Seen from here the watcher is the one that was cancelled.
        EXPECT_EQ(ctx.canceller(), watcher.peer());
        throw;
      }
    };
    auto end = co_await raises<context_cancelled>(watcher.open_context<&watches>("victim", "relays", body));
    EXPECT_EQ(end.canceller(), canceller.peer());
    EXPECT_EQ(end.src_uid().name(), "victim");
    EXPECT_EQ(end.relay_uid(), watcher.peer());
    EXPECT_TRUE(end.is_inception());
    an.cancel();
  });
}

TRACTOR_TEST(inter_peer, an_error_while_the_cancel_is_handled_replaces_it_and_ends_the_rest) {
  bool other_ended = false;
  auto tree = open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("victim", expose<&sleeps>());
    portal bystander = co_await an.start_actor("bystander", expose<&sleeps>());
    portal canceller = co_await an.start_actor("canceller", expose<&cancels>());
    portal watcher = co_await an.start_actor("watcher", expose<&watches>());
    co_await bystander.open_context<&sleeps>([&](auto& spared) -> task<> {
      auto body = [&](auto& ctx) -> task<> {
        co_await canceller.run<&cancels>("victim");
        try {
          co_await ctx.wait_for_result();
        } catch (const remote_actor_error&) {
          EXPECT_EQ(ctx.state(), "errored");
          EXPECT_EQ(ctx.canceller(), watcher.peer());
          EXPECT_FALSE(spared.has_outcome());
          throw;
        }
      };
      try {
        co_await watcher.open_context<&watches>("victim", "fails", body);
      } catch (...) {
        other_ended = !spared.has_outcome();
        throw;
      }
    });
  });
  auto error = co_await raises<remote_actor_error>(std::move(tree));
  EXPECT_TRUE(error.boxed_type_is<std::domain_error>()) << error.what();
  EXPECT_EQ(error.src_uid().name(), "watcher");
  EXPECT_EQ(error.message(), "while handling the end of victim");
  EXPECT_TRUE(other_ended);
}

TRACTOR_TEST(inter_peer, cancel_is_raised_in_the_cancellers_own_context_too) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("victim", expose<&sleeps>());
    portal canceller = co_await an.start_actor("canceller", expose<&watches_and_cancels>());
    report said = co_await canceller.run<&watches_and_cancels>("victim");
    EXPECT_EQ(said.error_source, "victim");
    EXPECT_EQ(said.canceller, "canceller");
    // It was no cancel of the context: nothing is absorbed.
    EXPECT_EQ(said.ctx_canceller, "canceller");
    EXPECT_EQ(said.state, "peer-cancelled, raised");
    EXPECT_FALSE(said.cancel_called);
    an.cancel();
  });
}

TRACTOR_TEST(inter_peer, a_client_may_end_an_actor_that_a_service_started_for_it) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal service = co_await an.start_actor("service", expose<&spawns_for_a_client>());
    portal client = co_await an.start_actor("canceller", expose<&cancels>());
    report said = co_await service.open_context<&spawns_for_a_client>([&](auto& ctx) -> task<report> {
      co_await client.run<&cancels>("sub");
      co_return co_await ctx.wait_for_result();
    });
    EXPECT_EQ(said.caller, "service");
    EXPECT_EQ(said.error_source, "sub");
    EXPECT_EQ(said.canceller, "canceller");
    EXPECT_EQ(said.ctx_canceller, "sub");
    // The service lives on.
    EXPECT_TRUE(service.connected());
    an.cancel();
  });
}

TRACTOR_TEST(inter_peer, the_root_that_cancels_everything_is_named_by_everybody) {
  std::vector<std::string> cancellers;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal one = co_await an.start_actor("one", expose<&sleeps>());
    portal two = co_await an.start_actor("two", expose<&sleeps>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      int ready = 0;
      event both_ready;
      for (const portal& kid : {one, two}) {
        tn.start_soon(
            [&](portal at) -> task<> {
              auto body = [&](auto&) -> task<> {
                if (++ready == 2) both_ready.set();
                co_await sleep_forever();
              };
              auto end = co_await raises<context_cancelled>(at.open_context<&sleeps>(body));
              cancellers.push_back(end.canceller().name());
            },
            kid);
      }
      co_await both_ready.wait();
      tn.start_soon([&]() -> task<> { co_await one.cancel_actor(); });
      co_await two.cancel_actor();
    });
  });
  EXPECT_THAT(cancellers, testing::ElementsAre("root", "root"));
}

TRACTOR_TEST(inter_peer, an_actor_that_is_cancelled_is_heard_out_before_its_end_counts) {
  for (int round = 0; round < 10; ++round)
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("kid", expose<&sleeps>());
      auto body = [&](auto&) -> task<> {
        co_await kid.cancel_actor();
        co_await sleep_forever();
      };
      const auto end = co_await raises<context_cancelled>(kid.open_context<&sleeps>(body));
      EXPECT_EQ(end.canceller().name(), "root");
    });
}

}  // namespace inter_peer_test
