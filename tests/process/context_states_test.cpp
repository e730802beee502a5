// What a context says of itself at both ends: its state, its outcome, who ended it.
#include <gmock/gmock.h>

#include <fstream>
#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_states_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// What an endpoint has seen, asked for by later calls to the same actor.
std::vector<std::string> seen;
task<std::vector<std::string>> take_seen() { co_return std::exchange(seen, {}); }

std::string named(context_side side) { return side == context_side::parent ? "parent" : "child"; }

task<std::vector<std::string>> tells_its_states(
    context<starts<std::string>, receives<int>, sends<std::string>>& ctx) {
  std::vector<std::string> states;
  auto note = [&] { states.emplace_back(ctx.state()); };
  note();
  co_await ctx.started(ctx.cid() + " " + named(ctx.side()) + " of " + named(ctx.peer_side()));
  note();
  auto& stream = co_await ctx.open_stream();
  note();
  while (auto item = co_await stream.next()) co_await stream.send(std::string(ctx.state()));
  note();
  co_await stream.aclose();
  note();
  if (ctx.has_outcome() || ctx.maybe_error() || !ctx.canceller().empty()) states.push_back("spoilt");
  co_return states;
}

task<> sees_its_end(context<starts<void>>& ctx, std::string file) {
  co_await ctx.started();
  try {
    co_await sleep_forever();
  } catch (...) {
    seen.emplace_back(ctx.state());
    // An actor that ends is asked no more.
    if (!file.empty()) std::ofstream(file) << ctx.state();
    throw;
  }
}

task<> ends_itself(context<starts<void>>& ctx) {
  co_await ctx.started();
  ctx.cancel("had enough");
  seen = {std::string(ctx.state()), ctx.cancel_called() ? "called" : "not called", ctx.canceller().name()};
  co_await sleep_forever();
}

task<int> fails(context<starts<void>, receives<int>>& ctx) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  co_await stream.receive();
  throw std::range_error("off the scale");
}

task<int> returns_at_once(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_return 42;
}

// Lives in the child: set while its endpoint runs.
bool running = false;
task<bool> is_running() { co_return running; }
class run_mark {
 public:
  run_mark() { running = true; }
  ~run_mark() { running = false; }
};
task<> marked(context<starts<void>>& ctx, std::string how) {
  const run_mark mark;
  co_await ctx.started();
  if (how == "returns") co_return;
  if (how == "throws") throw std::range_error("off the scale");
  if (how == "cancels") ctx.cancel();
  co_await sleep_forever();
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  return text;
}

TRACTOR_TEST(context_states, follow_the_life_of_both_ends) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&tells_its_states>());
    auto body = [&](auto& ctx, std::string first) -> task<> {
      EXPECT_EQ(first, ctx.cid() + " child of parent");
      EXPECT_EQ(named(ctx.side()) + " of " + named(ctx.peer_side()), "parent of child");
      EXPECT_EQ(ctx.peer(), kid.peer());
      EXPECT_EQ(ctx.name(), "tells_its_states");
      EXPECT_EQ(ctx.state(), "started");
      auto& stream = co_await ctx.open_stream();
      EXPECT_EQ(ctx.state(), "streaming");
      co_await stream.send(1);
      EXPECT_EQ(co_await stream.receive(), "streaming");
      co_await stream.aclose();
      EXPECT_EQ(ctx.state(), "streaming-finished");
      auto theirs = co_await ctx.wait_for_result();
      EXPECT_THAT(theirs, ElementsAre("pre-started", "started", "streaming", "streaming-finished",
                                      "streaming-finished"));
      EXPECT_EQ(ctx.state(), "result-returned");
      EXPECT_TRUE(ctx.canceller().empty());
    };
    co_await kid.open_context<&tells_its_states>(body);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_states, have_no_outcome_until_the_last_message) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&sees_its_end, &returns_at_once>());
    co_await kid.open_context<&sees_its_end>("", [&](auto& ctx) -> task<> {
      EXPECT_FALSE(ctx.has_outcome());
      EXPECT_EQ(ctx.maybe_error(), nullptr);
      auto early = [&]() -> task<> {
        ctx.outcome();
        co_return;
      };
      auto error = co_await raises<runtime_failure>(early());
      EXPECT_THAT(error.what(), HasSubstr("no outcome yet"));
      co_await ctx.cancel();
      // The error wins, and it is the one object that was stored.
      EXPECT_TRUE(ctx.has_outcome());
      EXPECT_EQ(ctx.outcome().error(), ctx.maybe_error());
    });
    int result = co_await kid.open_context<&returns_at_once>([&](auto& ctx) -> task<int> {
      while (!ctx.has_outcome()) co_await sleep(1ms);
      EXPECT_EQ(ctx.maybe_error(), nullptr);
      EXPECT_EQ(ctx.state(), "result-returned");
      co_return ctx.outcome().value();
    });
    EXPECT_EQ(result, 42);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_states, of_a_cancel_name_whose_it_was, (tmp_dir & tmp)) {
  const std::string file = tmp / "state";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&sees_its_end, &ends_itself, &take_seen>());
    // By this end of the context.
    co_await kid.open_context<&sees_its_end>("", [&](auto& ctx) -> task<> {
      co_await ctx.cancel();
      EXPECT_EQ(ctx.state(), "self-cancelled");
      EXPECT_TRUE(ctx.cancel_called());
      EXPECT_TRUE(ctx.cancel_acked());
      EXPECT_EQ(ctx.canceller(), current_actor().id());
    });
    EXPECT_THAT(co_await kid.run<&take_seen>(), ElementsAre("peer-cancelled"));
    // By the other one.
    auto waits = [&](auto& ctx) -> task<> {
      try {
        co_await ctx.wait_for_result();
      } catch (...) {
        EXPECT_EQ(ctx.state(), "peer-cancelled");
        EXPECT_FALSE(ctx.cancel_called());
        EXPECT_FALSE(ctx.cancel_acked());
        EXPECT_EQ(ctx.canceller(), kid.peer());
        throw;
      }
    };
    auto theirs = co_await raises<context_cancelled>(kid.open_context<&ends_itself>(waits));
    EXPECT_EQ(theirs.canceller(), kid.peer());
    EXPECT_EQ(theirs.reason(), "had enough");
    EXPECT_THAT(co_await kid.run<&take_seen>(), ElementsAre("self-cancelled", "called", "kid"));
    // By whoever ended the actor.
    auto ends_it = [&](auto&) -> task<> {
      co_await kid.cancel_actor();
      co_await sleep_forever();
    };
    auto all = co_await raises<context_cancelled>(kid.open_context<&sees_its_end>(file, ends_it));
    EXPECT_EQ(all.canceller(), current_actor().id());
  });
  EXPECT_EQ(text_of(file), "peer-cancelled");
}

task<> cancels_by_name(std::string name) {
  portal other = co_await wait_for_actor(name);
  co_await other.cancel_actor();
}

TRACTOR_TEST(context_states, of_an_actor_that_a_third_one_ends_is_actor_cancelled, (tmp_dir & tmp)) {
  const std::string file = tmp / "state";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&sees_its_end>());
    portal third = co_await an.start_actor("third", expose<&cancels_by_name>());
    auto body = [&](auto& ctx) -> task<> {
      try {
        co_await third.run<&cancels_by_name>("kid");
        co_await ctx.wait_for_result();
      } catch (const context_cancelled&) {
        EXPECT_EQ(ctx.state(), "peer-cancelled");
        EXPECT_EQ(ctx.canceller(), kid.peer());
        throw;
      }
    };
    auto error = co_await raises<context_cancelled>(kid.open_context<&sees_its_end>(file, body));
    EXPECT_EQ(error.canceller(), third.peer());
    co_await third.cancel_actor();
  });
  EXPECT_EQ(text_of(file), "actor-cancelled");
}

TRACTOR_TEST(context_states, of_an_error_are_errored_and_name_its_source) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails, &sees_its_end, &take_seen>());
    auto body = [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      co_await stream.send(1);
      try {
        co_await sleep_forever();
      } catch (...) {
        EXPECT_EQ(ctx.state(), "errored");
        EXPECT_TRUE(ctx.has_outcome());
        EXPECT_TRUE(ctx.outcome().failed());
        EXPECT_EQ(ctx.canceller(), kid.peer());
        EXPECT_TRUE(is_error<remote_actor_error>(ctx.maybe_error()));
        throw;
      }
    };
    auto error = co_await raises<remote_actor_error>(kid.open_context<&fails>(body));
    EXPECT_TRUE(error.boxed_type_is<std::range_error>());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_states, of_the_childs_code_are_gone_with_the_context) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&marked, &is_running>());
    const std::vector<std::string> ways = {"returns", "throws", "cancels", "is cancelled", "is left"};
    for (const std::string& how : ways) {
      auto body = [&](auto& ctx) -> task<> {
        if (how == "is cancelled") {
          EXPECT_TRUE(co_await kid.run<&is_running>());
          co_await ctx.cancel();
          EXPECT_FALSE(co_await kid.run<&is_running>());
        }
        if (how == "is left") throw std::domain_error("left");
      };
      try {
        co_await kid.open_context<&marked>(how, body);
      } catch (const remote_actor_error&) {
        EXPECT_TRUE(how == "throws" || how == "cancels") << how;
      } catch (const std::domain_error&) {
        EXPECT_EQ(how, "is left");
      }
      EXPECT_FALSE(co_await kid.run<&is_running>()) << how;
    }
    co_await kid.cancel_actor();
  });
}

}  // namespace context_states_test
