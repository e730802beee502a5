// Contexts in great number, and peers that stop or die in the midst of one.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <tractor/tractor.hpp>

#include "program.hpp"

namespace context_scale_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<int> doubles(context<starts<int>, receives<int>, sends<int>>& ctx, int value) {
  co_await ctx.started(value);
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item * 2);
  co_return value * 2;
}

task<> endless(context<starts<void>, receives<int>, sends<int>>& ctx) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      while (auto item = co_await stream.next()) {
      }
    });
    for (int i = 0;; ++i) co_await stream.send(i);
  });
}

/// What a process holds now. A value.
struct holdings {
  std::string state;
  std::int64_t fds = 0, resident = 0, threads = 0;
};
BOOST_DESCRIBE_STRUCT(holdings, (), (state, fds, resident, threads))

std::int64_t entries(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}
holdings own_holdings() {
  holdings out;
  out.state = current_actor().state();
  out.fds = entries("/proc/self/fd");
  out.threads = entries("/proc/self/task");
  std::ifstream statm("/proc/self/statm");
  std::int64_t all = 0;
  statm >> all >> out.resident;
  return out;
}
task<holdings> holds() { co_return own_holdings(); }

// One context with its whole life: value, items both ways, result; and now and then an end by a cancel.
task<> one_context(portal kid, int which) {
  auto body = [&](auto& ctx, int first) -> task<> {
    EXPECT_EQ(first, which);
    if (which % 10 == 3) co_return co_await ctx.cancel();
    if (which % 10 == 7) throw std::domain_error("on purpose");
    auto& stream = co_await ctx.open_stream();
    co_await stream.send(which);
    EXPECT_EQ(co_await stream.receive(), which * 2);
    co_await stream.aclose();
    EXPECT_EQ(co_await ctx.wait_for_result(), which * 2);
  };
  try {
    co_await kid.open_context<&doubles>(which, body);
  } catch (const std::domain_error&) {
    EXPECT_EQ(which % 10, 7);
  }
}
task<> many_contexts(portal kid, int count, int side_by_side) {
  int next = 0;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    for (int i = 0; i < side_by_side; ++i)
      tn.start_soon([&]() -> task<> {
        while (next < count) co_await one_context(kid, next++);
      });
    co_return;
  });
}

void expect_no_growth(const holdings& before, const holdings& after, const char* who) {
  EXPECT_EQ(after.state, before.state) << who;
  EXPECT_EQ(after.fds, before.fds) << who;
  EXPECT_EQ(after.threads, before.threads) << who;
  // In pages: 8 MiB for ten thousand of them, where one that stayed would hold a kilobyte and more.
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed for a while, to catch its use
  EXPECT_LT(after.resident - before.resident, 2048) << who;
#endif
}

TRACTOR_TEST(context_scale, ten_thousand_contexts_over_one_connection_leave_nothing, (), timeout(120s)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&doubles, &holds>());
    // What a first round makes room for is kept, and used again.
    co_await many_contexts(kid, 1000, 4);
    const holdings ours = own_holdings();
    const holdings theirs = co_await kid.run<&holds>();
    EXPECT_THAT(theirs.state, HasSubstr("1 calls"));
    co_await many_contexts(kid, 10'000, 4);
    expect_no_growth(ours, own_holdings(), "the caller");
    const holdings after = co_await kid.run<&holds>();
    expect_no_growth(theirs, after, "the child");
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_scale, hundreds_of_contexts_live_side_by_side_on_one_connection) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&doubles, &holds>());
    constexpr int contexts = 400;
    int open = 0;
    event all_open;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < contexts; ++i) {
        tn.start_soon([&, i]() -> task<> {
          int result = co_await kid.open_context<&doubles>(i, [&](auto& ctx, int) -> task<int> {
            auto& stream = co_await ctx.open_stream();
            if (++open == contexts) all_open.set();
            co_await all_open.wait();
            co_await stream.send(i);
            EXPECT_EQ(co_await stream.receive(), i * 2);
            co_await stream.aclose();
            co_return co_await ctx.wait_for_result();
          });
          EXPECT_EQ(result, i * 2);
        });
      }
      co_await all_open.wait();
      const holdings theirs = co_await kid.run<&holds>();
      EXPECT_THAT(theirs.state, HasSubstr(std::to_string(contexts + 1) + " calls"));
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(context_scale, a_peer_that_is_killed_in_a_stream_is_named_whatever_was_under_way, (),
             timeout(120s)) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < count(4, 100); ++round) {
    const auto after = std::chrono::microseconds(random() % 20'000);
    auto tree = open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("victim", expose<&endless>());
      an.tasks().start_soon([&]() -> task<> {
        co_await sleep(after);
        ::kill(kid.peer().pid(), SIGKILL);
      });
      auto body = [&](auto& ctx) -> task<> {
        auto& stream = co_await ctx.open_stream();
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          tn.start_soon([&]() -> task<> {
            for (int i = 0;; ++i) co_await stream.send(i);
          });
          int next = 0;
          for (;;) CO_ASSERT_EQ(co_await stream.receive(), next++);
        });
      };
      co_await kid.open_context<&endless>(body);
    });
    auto error = co_await raises<actor_failure>(fail_after(roomy(3s), std::move(tree)));
    EXPECT_EQ(error.who().name(), "victim") << "round " << round;
    EXPECT_EQ(error.status().signo(), SIGKILL) << "round " << round;
  }
}

}  // namespace context_scale_test
