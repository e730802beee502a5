// Cancelling calls, actors and nurseries; and ending what does not listen.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <tractor/async/cleanup.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace cancellation_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

class boom : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

task<int> pid() { co_return ::getpid(); }
task<> fails(std::string why) { throw boom(why); }
task<> waits() { co_await sleep_forever(); }

// Says in two files that it runs, and that it was unwound.
task<> waits_aloud(std::string file) {
  std::ofstream(file + ".begun") << "x";

  try {
    co_await sleep_forever();
  } catch (...) {
    std::ofstream(file + ".ended") << "x";
    throw;
  }
}

// Blocks its whole thread, deaf to every message.
task<> blocks(std::string file) {
  std::ofstream(file) << "x";
  std::this_thread::sleep_for(60s);
  co_return;
}
task<> blocks_below(std::string file) {
  co_await open_nursery(
      [&](actor_nursery& an) -> task<> { co_await an.run_in_actor<&blocks>("grandchild", file); });
}

task<> appears(std::string file) {
  while (!std::filesystem::exists(file)) co_await sleep(2ms);
}

bool alive(int process) { return ::kill(process, 0) == 0; }

/// Measures the time of one scope of the test.
class stop_watch {
 public:
  bool under(std::chrono::duration<double> bound) const {
    return std::chrono::steady_clock::now() - from_ < bound * head_room();
  }

 private:
  std::chrono::steady_clock::time_point from_ = std::chrono::steady_clock::now();
};

TRACTOR_TEST(cancellation, of_a_nursery_reaps_every_daemon) {
  std::vector<int> pids;
  bool called = false;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    for (int i = 0; i < 4; ++i) {
      auto kid = co_await an.start_actor("kid", expose<&pid>());
      auto process = co_await kid.run<&pid>();
      pids.push_back(process);
    }
    EXPECT_FALSE(an.cancel_called());
    an.cancel();
    called = an.cancel_called();
  });
  EXPECT_TRUE(called);
  for (int process : pids) EXPECT_FALSE(alive(process));
}

TRACTOR_TEST(cancellation, hard_ends_a_nursery_as_surely) {
  int process = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&pid>());
    process = co_await kid.run<&pid>();
    an.cancel_hard();
  });
  EXPECT_FALSE(alive(process));
}

TRACTOR_TEST(cancellation, one_failure_cancels_idle_siblings_and_comes_out_bare) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    for (int i = 0; i < 3; ++i) co_await an.start_actor("idle", expose<&waits>());
    co_await an.run_in_actor<&fails>("failing", "alone");
  });
  auto error = co_await raises<remote_actor_error>(std::move(failing));
  EXPECT_TRUE(error.boxed_type_is<boom>());
  EXPECT_EQ(error.message(), "alone");
  EXPECT_EQ(error.src_uid().name(), "failing");
}

TRACTOR_TEST(cancellation, of_one_call_by_many_failures_counts_each_failure_once) {
  // All fail at one moment: none can be cancelled before its own error is on its way.
  constexpr int children = 6;
  std::exception_ptr error;
  int failed = 0;
  try {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      std::vector<portal> kids;
      for (int i = 0; i < children; ++i) {
        auto kid = co_await an.start_actor("kid", expose<&fails>());
        kids.push_back(kid);
      }
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (const portal& kid : kids)
          tn.start_soon(
              [&](portal to) -> task<> {
                try {
                  co_await shielded(to.run<&fails>("together"));
                } catch (const remote_actor_error&) {
                  ++failed;
                  throw;
                }
              },
              kid);
        co_return;
      });
    });
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  int leaves = 0;
  for_each_leaf(error, [&](const std::exception_ptr& leaf) {
    ++leaves;
    EXPECT_TRUE(is_error<remote_actor_error>(leaf)) << describe(leaf);
  });
  EXPECT_EQ(failed, children);
  EXPECT_EQ(leaves, children);
}

TRACTOR_TEST(cancellation, of_a_pending_call_ends_the_remote_task_and_spares_the_actor, (tmp_dir & tmp)) {
  const std::string file = tmp / "call";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&waits_aloud, &pid>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await kid.run<&waits_aloud>(file); });
      co_await appears(file + ".begun");
      tn.scope().cancel();
    });
    // Structured: the remote task had ended when the cancelled call did.
    EXPECT_TRUE(std::filesystem::exists(file + ".ended"));
    auto process = co_await kid.run<&pid>();
    EXPECT_EQ(process, kid.peer().pid());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(cancellation, a_deadline_around_a_call_is_a_timeout_of_the_caller) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&waits, &pid>());
    auto late = fail_after(50ms, kid.run<&waits>());
    co_await raises<too_slow_error>(std::move(late));
    auto process = co_await kid.run<&pid>();
    EXPECT_GT(process, 0);
    an.cancel();
  });
}

TRACTOR_TEST(cancellation, of_an_actor_raises_in_the_calls_it_serves, (tmp_dir & tmp)) {
  const std::string file = tmp / "call";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&waits_aloud>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto error = co_await raises<context_cancelled>(kid.run<&waits_aloud>(file));
        EXPECT_EQ(error.canceller(), current_actor().id());
        EXPECT_EQ(error.src_uid().name(), "kid");
      });
      co_await appears(file + ".begun");
      const bool acknowledged = co_await kid.cancel_actor();
      EXPECT_TRUE(acknowledged);
    });
    EXPECT_TRUE(std::filesystem::exists(file + ".ended"));
  });
}

TRACTOR_TEST(cancellation, while_actors_start_leaves_none_behind) {
  // The deadline falls into another part of the boot in each round.
  for (int round = 0; round < count(12, 60); ++round) {
    std::size_t left = 1;
    stop_watch clock;
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      co_await move_on_after(round * 700us, [&](cancel_scope&) -> task<> {
        co_await an.start_actor("half born", expose<&pid>());
      });
      an.cancel();
    });
    // Whatever part it was, the child did not need to be killed.
    EXPECT_TRUE(clock.under(1500ms)) << "round " << round;
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      left = an.child_count();
      co_return;
    });
    EXPECT_EQ(left, 0u);
  }
}

TRACTOR_TEST(cancellation, of_a_blocked_child_takes_the_ladder_and_less_than_four_seconds, (tmp_dir & tmp)) {
  const std::string file = tmp / "blocked";
  stop_watch clock;
  auto failing = open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&blocks>("deaf", file);
    co_await appears(file);
    throw boom("enough");
  });
  auto error = co_await raises<boom>(std::move(failing));
  EXPECT_STREQ(error.what(), "enough");
  EXPECT_TRUE(clock.under(4s));
}

TRACTOR_TEST(cancellation, of_a_tree_whose_grandchild_blocks_is_bounded_too, (tmp_dir & tmp)) {
  for (const bool by_error : {true, false}) {
    const std::string file = tmp / (by_error ? "by error" : "by hand");
    stop_watch clock;
    auto tree = open_nursery([&](actor_nursery& an) -> task<> {
      co_await an.run_in_actor<&blocks_below>("child", file);
      co_await appears(file);
      if (by_error) throw boom("enough");
      an.cancel();
    });
    if (by_error)
      co_await raises<boom>(std::move(tree));
    else
      co_await std::move(tree);
    EXPECT_TRUE(clock.under(4s)) << (by_error ? "by an error" : "by hand");
  }
}

TRACTOR_TEST(cancellation, siblings_that_are_stuck_are_ended_side_by_side, (tmp_dir & tmp)) {
  stop_watch clock;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    for (int i = 0; i < 4; ++i) {
      const std::string file = tmp / std::to_string(i);
      co_await an.run_in_actor<&blocks>("deaf", file);
      co_await appears(file);
    }
    an.cancel();
  });
  EXPECT_TRUE(clock.under(5s));
}

TRACTOR_TEST(cancellation, of_a_stuck_actor_says_that_it_is_too_slow, (tmp_dir & tmp)) {
  const std::string file = tmp / "blocked";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.run_in_actor<&blocks>("deaf", file);
    co_await appears(file);
    const bool acknowledged = co_await kid.cancel_actor(100ms);
    EXPECT_FALSE(acknowledged);
    auto error = co_await raises<actor_too_slow_error>(kid.cancel_actor_or_throw(100ms));
    EXPECT_THAT(error.what(), HasSubstr("deaf"));
    an.cancel_hard();
  });
}

TRACTOR_TEST(cancellation, from_outside_reaches_through_two_nurseries, (tmp_dir & tmp)) {
  const std::string file = tmp / "deep";
  auto outcome = co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      auto kid = co_await an.start_actor("kid", expose<&waits_aloud>());
      an.tasks().start_soon([&]() -> task<> {
        co_await appears(file + ".begun");
        scope.cancel();
      });
      co_await kid.run<&waits_aloud>(file);
    });
  });
  EXPECT_TRUE(outcome.cancelled_caught());
  EXPECT_TRUE(std::filesystem::exists(file + ".ended"));
}

}  // namespace cancellation_test
