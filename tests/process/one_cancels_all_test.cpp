// One failure ends all siblings: how many errors come out, how soon, and that nobody is left.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace one_cancels_all_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

task<> fails(int milliseconds) {
  co_await sleep(std::chrono::milliseconds(milliseconds));
  throw std::range_error("of a child");
}
task<> idles() { co_await sleep_forever(); }
task<int> answers() { co_return ::getpid(); }

bool alive(int pid) { return ::kill(pid, 0) == 0; }

// Counts the leaves, all of which must be the children's own errors.
int count_errors(const std::exception_ptr& error) {
  int leaves = 0;
  for_each_leaf(error, [&](const std::exception_ptr& leaf) {
    ++leaves;
    try {
      std::rethrow_exception(leaf);
    } catch (const remote_actor_error& remote) {
      EXPECT_TRUE(remote.boxed_type_is<std::range_error>()) << remote.what();
    } catch (...) {
      ADD_FAILURE() << describe(leaf);
    }
  });
  return leaves;
}

template <class F> task<std::exception_ptr> error_of(F body) {
  std::exception_ptr caught;
  try {
    co_await body();
  } catch (const std::exception&) {
    caught = std::current_exception();
  }
  co_return caught;
}

/// Who there is in a nursery, and who of them fails.
struct mix {
  int idle_daemons = 0, failing_once = 0, idle_once = 0;
  bool failing_call = false;  // a daemon's function fails, called by the body
};
const std::vector<mix> mixes = {{0, 1, 0, false}, {0, 3, 0, false}, {3, 1, 0, false},
                                {3, 2, 2, false}, {1, 0, 2, true},  {3, 0, 0, true}};

TRACTOR_TEST(one_cancels_all, whoever_fails_among_daemons_and_run_once_children, (), timeout(60s)) {
  for (const mix& who : mixes) {
    std::vector<int> pids;
    bool called = false;
    auto tree = [&]() -> task<> {
      co_await open_nursery([&](actor_nursery& an) -> task<> {
        // The first error may come while others are being started.
        try {
          portal last;
          auto keep = [&](const portal& kid) { pids.push_back(kid.peer().pid()); };
          for (int i = 0; i < who.idle_daemons; ++i) {
            last = co_await an.start_actor("daemon", expose<&answers, &fails>());
            keep(last);
          }
          for (int i = 0; i < who.idle_once; ++i) {
            auto kid = co_await an.run_in_actor<&idles>("idle");
            keep(kid);
          }
          for (int i = 0; i < who.failing_once; ++i) {
            auto kid = co_await an.run_in_actor<&fails>("failing", 0);
            keep(kid);
          }
          if (who.failing_call) co_await last.run<&fails>(0);
          co_await sleep_forever();
        } catch (...) {
          called = an.cancel_called() || who.failing_call;
          throw;
        }
      });
    };
    const std::exception_ptr error = co_await error_of(tree);
    CO_ASSERT_NE(error, nullptr);
    const int most = std::max(who.failing_once, 1);
    const int leaves = count_errors(error);
    EXPECT_GE(leaves, 1);
    EXPECT_LE(leaves, most);
    // One is bare, several are a group.
    EXPECT_EQ(is_error<exception_group>(error), leaves > 1);
    EXPECT_TRUE(called);
    for (const int pid : pids) EXPECT_FALSE(alive(pid));
  }
}

TRACTOR_TEST(one_cancels_all, two_children_that_fail_are_a_group_or_one_of_them) {
  auto tree = []() -> task<> {
    co_await open_nursery([](actor_nursery& an) -> task<> {
      co_await an.run_in_actor<&fails>("one", 0);
      co_await an.run_in_actor<&fails>("two", 0);
    });
  };
  const std::exception_ptr error = co_await error_of(tree);
  CO_ASSERT_NE(error, nullptr);
  const int leaves = count_errors(error);
  EXPECT_GE(leaves, 1);
  EXPECT_LE(leaves, 2);
}

TRACTOR_TEST(one_cancels_all, twenty_five_failures_at_one_moment_are_twenty_five_errors, (), timeout(120s)) {
  constexpr int children = 25;
  for (const int delay : {0, 50}) {
    auto tree = [&]() -> task<> {
      co_await open_nursery([&](actor_nursery& an) -> task<> {
        std::vector<portal> kids;
        for (int i = 0; i < children; ++i) {
          portal kid = co_await an.start_actor("kid" + std::to_string(i), expose<&fails>());
          kids.push_back(kid);
        }
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          for (const portal& kid : kids)
            tn.start_soon([&](portal at) -> task<> { co_await shielded(at.run<&fails>(delay)); }, kid);
          co_return;
        });
      });
    };
    const std::exception_ptr error = co_await error_of(tree);
    CO_ASSERT_NE(error, nullptr);
    EXPECT_TRUE(is_error<exception_group>(error));
    EXPECT_EQ(count_errors(error), children);
  }
}

TRACTOR_TEST(one_cancels_all, a_cut_call_to_a_daemon_ends_both_in_no_time) {
  const time_point before = current_time();
  auto cut = co_await move_on_after(100ms, open_nursery([](actor_nursery& an) -> task<> {
                                      portal kid = co_await an.start_actor("kid", expose<&idles>());
                                      co_await kid.run<&idles>();
                                    }));
  EXPECT_TRUE(cut.cancelled_caught());
  EXPECT_LT(current_time() - before, roomy(1s));
}

namespace {
void interrupted_among_children(const run_options& options) {
  std::vector<int> pids;
  auto body = [&]() -> task<> {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      // From another task than the nursery's own.
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> {
          for (int i = 0; i < 3; ++i) {
            auto kid = co_await an.run_in_actor<&idles>("idle");
            pids.push_back(kid.peer().pid());
          }
          ::kill(::getpid(), SIGINT);
        });
        co_return;
      });
    });
  };
  EXPECT_THROW(run_tree(options, body), interrupted);
  EXPECT_EQ(pids.size(), 3u);
  for (const int pid : pids) EXPECT_FALSE(alive(pid));
}
}  // namespace

TRACTOR_CELL_TEST(one_cancels_all, an_interrupt_ends_children_that_another_task_started,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(10s)) {
  run_options options;
  options.start_method(method).enable_transports(proto.key()).registry_addrs(addr.text());
  const auto before = std::chrono::steady_clock::now();
  interrupted_among_children(options);
  EXPECT_LT(std::chrono::steady_clock::now() - before, roomy(1500ms));
}

}  // namespace one_cancels_all_test
