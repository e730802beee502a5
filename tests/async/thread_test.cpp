#include <pthread.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <semaphore>
#include <thread>

#include "support.hpp"

namespace thread_test {

using namespace tractor;
using namespace tractor::testing;

namespace {
// A wait in a worker that a broken test cannot turn into a hang.
bool wait_for(std::counting_semaphore<>& signal) { return signal.try_acquire_for(20s); }
}  // namespace

TEST(run_in_thread, yields_the_value_of_a_function_that_ran_elsewhere) {
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id there;
  const int value = run([&]() -> task<int> {
    co_return co_await run_in_thread([&] {
      there = std::this_thread::get_id();
      return 42;
    });
  });
  EXPECT_EQ(value, 42);
  EXPECT_NE(there, here);
}

TEST(run_in_thread, an_error_is_thrown_in_the_task) {
  auto body = []() -> task<> { co_await run_in_thread([] { throw std::runtime_error("in the thread"); }); };
  EXPECT_EQ(error_of([&] { run(body); }), "in the thread");
}

TEST(run_in_thread, other_tasks_run_meanwhile) {
  run([]() -> task<> {
    std::counting_semaphore<> go(0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await checkpoint();
        go.release();
      });
      EXPECT_TRUE(co_await run_in_thread([&] { return wait_for(go); }));
    });
  });
}

TEST(run_in_thread, the_test_clock_does_not_jump_while_a_thread_works) {
  run([]() -> task<> {
    std::counting_semaphore<> go(0);
    const time_point before = current_time();
    co_await move_on_after(1h, [&]() -> task<> {
      const bool released = co_await run_in_thread([&] { return !go.try_acquire_for(5ms); });
      EXPECT_TRUE(released);
    });
    EXPECT_EQ(current_time(), before);
  });
}

TEST(run_in_thread, a_cancel_waits_for_a_plain_function) {
  run([]() -> task<> {
    std::counting_semaphore<> entered(0), go(0);
    bool finished = false, raised = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      cancel_scope scope;
      tn.start_soon([&]() -> task<> {
        co_await scope.run([&]() -> task<> {
          finished = co_await run_in_thread([&] {
            entered.release();
            return wait_for(go);
          });
          try {
            co_await checkpoint();
          } catch (const cancelled&) {
            raised = true;
            throw;
          }
        });
      });
      EXPECT_TRUE(co_await run_in_thread([&] { return wait_for(entered); }));
      scope.cancel();
      co_await checkpoint();
      EXPECT_FALSE(finished);
      go.release();
    });
    EXPECT_TRUE(finished);
    EXPECT_TRUE(raised);
  });
}

TEST(run_in_thread, a_cancel_requests_the_stop_of_a_function_that_takes_a_token) {
  run([]() -> task<> {
    std::counting_semaphore<> entered(0);
    bool stopped = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await run_in_thread([&](std::stop_token stop) {
          std::counting_semaphore<> woken(0);
          std::stop_callback wake(stop, [&] { woken.release(); });
          entered.release();
          stopped = wait_for(woken);
        });
      });
      EXPECT_TRUE(co_await run_in_thread([&] { return wait_for(entered); }));
      tn.scope().cancel();
    });
    EXPECT_TRUE(stopped);
  });
}

TEST(run_in_thread, an_abandoned_thread_does_not_delay_a_cancel) {
  auto shared = std::make_shared<std::counting_semaphore<>>(0);
  auto ended = std::make_shared<std::counting_semaphore<>>(0);
  run([&]() -> task<> {
    bool cut = false;
    auto blocking = [shared, ended] {
      wait_for(*shared);
      ended->release();
    };
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        try {
          co_await run_in_thread(abandon_on_cancel, blocking);
        } catch (const cancelled&) {
          cut = true;
          throw;
        }
      });
      co_await run_in_thread([] {});
      tn.scope().cancel();
    });
    EXPECT_TRUE(cut);
  });
  // The loop is gone, and the thread still ends in good order.
  shared->release();
  EXPECT_TRUE(wait_for(*ended));
}

TEST(run_in_thread, an_abandoned_thread_may_end_while_its_loop_lives) {
  run([]() -> task<> {
    auto go = std::make_shared<std::counting_semaphore<>>(0);
    auto ended = std::make_shared<std::counting_semaphore<>>(0);
    auto blocking = [go, ended] {
      wait_for(*go);
      ended->release();
      return 1;
    };
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await run_in_thread(abandon_on_cancel, blocking); });
      co_await run_in_thread([] {});
      tn.scope().cancel();
    });
    go->release();
    EXPECT_TRUE(co_await run_in_thread([&] { return wait_for(*ended); }));
  });
}

TEST(run_in_thread, a_cancelled_task_starts_no_thread) {
  run([]() -> task<> {
    bool ran = false;
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await run_in_thread([&] { ran = true; });
    });
    EXPECT_FALSE(ran);
  });
}

TEST(run_in_thread, all_signals_are_blocked_in_the_thread_and_the_callers_mask_is_kept) {
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  run([]() -> task<> {
    co_await run_in_thread([] {
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1}) EXPECT_EQ(sigismember(&mask, signal), 1);
    });
  });
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1})
    EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal));
}

TEST(run_in_thread, at_most_forty_threads_run_at_once) {
  std::atomic<int> running = 0, most = 0, done = 0;
  run([&]() -> task<> {
    std::latch forty(40);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 100; ++i)
        tn.start_soon([&, i]() -> task<> {
          co_await run_in_thread([&, i] {
            const int now = ++running;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            if (i < 40) forty.arrive_and_wait();
            --running;
            ++done;
          });
        });
      co_return;
    });
  });
  EXPECT_EQ(most, 40);
  EXPECT_EQ(done, 100);
}

TEST(run_in_thread, what_an_abandoned_function_holds_dies_on_the_loops_thread) {
  struct witness {
    std::thread::id died_on;
    std::counting_semaphore<> dead{0};
  } seen;
  run([&]() -> task<> {
    auto go = std::make_shared<std::counting_semaphore<>>(0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {  // no coroutine: its copy of the function is gone on return
        std::shared_ptr<witness> held(&seen, [](witness* w) {
          w->died_on = std::this_thread::get_id();
          w->dead.release();
        });
        auto blocking = [go, held = std::move(held)] { wait_for(*go); };
        return run_in_thread(abandon_on_cancel, blocking);
      });
      co_await run_in_thread([] {});
      tn.scope().cancel();
    });
    go->release();
    EXPECT_TRUE(co_await run_in_thread([&] { return wait_for(seen.dead); }));
  });
  EXPECT_EQ(seen.died_on, std::this_thread::get_id());
}

}  // namespace thread_test
