#include <atomic>
#include <thread>

#include "support.hpp"
#include "tractor/async/detail/turn_end.hpp"
#include "tractor/async/use_task.hpp"

namespace loop_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(std::is_copy_constructible_v<loop_options>);

TEST(loop, yields_the_value_of_its_body) {
  EXPECT_EQ(run_loop([]() -> task<int> { co_return 3; }), 3);
  task<int> stored = []() -> task<int> { co_return 4; }();
  EXPECT_EQ(run_loop(std::move(stored)), 4);
}

TEST(loop, a_second_one_on_the_same_thread_is_an_error) {
  run([]() -> task<> {
    EXPECT_THROW(run_loop([]() -> task<> { co_return; }), std::logic_error);
    co_await checkpoint();
    EXPECT_NO_THROW(this_context());
  });
  run([]() -> task<> { co_return; });
}

TEST(loop, two_threads_run_a_loop_each) {
  std::atomic<int> sum = 0;
  auto work = [&] {
    run([&]() -> task<> {
      for (int i = 0; i < 100; ++i) {
        co_await sleep(1s);
        EXPECT_FALSE(co_await move_on_after(1s, sleep_forever()));
        ++sum;
      }
    });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(sum, 200);
}

TEST(loop, there_is_no_context_outside_of_one) { EXPECT_THROW(this_context(), std::logic_error); }

TEST(loop, the_test_clock_jumps_only_when_every_task_waits) {
  run([]() -> task<> {
    int turns = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        for (int i = 0; i < 1000; ++i) {
          co_await checkpoint();
          ++turns;
        }
      });
      co_await sleep(1ms);
      EXPECT_EQ(turns, 1000);
    });
  });
}

TEST(loop, the_test_clock_lets_io_that_is_ready_come_first) {
  run([]() -> task<> {
    asio::local::stream_protocol::socket a(this_context()), b(this_context());
    asio::local::connect_pair(a, b);
    char byte = 0;
    auto echoed = co_await move_on_after(1ms, [&]() -> task<> {
      for (int i = 0; i < 50; ++i) {
        co_await a.async_write_some(asio::buffer("x", 1), use_task);
        co_await b.async_read_some(asio::buffer(&byte, 1), use_task);
      }
    });
    EXPECT_TRUE(echoed);
    EXPECT_FALSE(co_await move_on_after(1h, b.async_read_some(asio::buffer(&byte, 1), use_task)));
    EXPECT_EQ(current_time(), time_point{} + 1h);
  });
}

TEST(loop, a_deadlock_under_the_test_clock_is_an_error) {
  EXPECT_EQ(error_of([] { run([]() -> task<> { co_await sleep_forever(); }); }),
            "deadlock: every task waits and nothing can wake one");
}

TEST(loop, a_deadlock_of_many_tasks_unwinds_them_all) {
  int unwound = 0;
  auto body = [&]() -> task<> {
    event never;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 3; ++i)
        tn.start_soon([&]() -> task<> {
          try {
            co_await never.wait();
          } catch (const cancelled&) {
            ++unwound;
            throw;
          }
        });
      co_return;
    });
  };
  EXPECT_THROW(run(body), std::logic_error);
  EXPECT_EQ(unwound, 3);
}

TEST(loop, a_task_that_never_rests_does_not_starve_io_and_deadlines) {
  run_loop([]() -> task<> {
    asio::local::stream_protocol::socket a(this_context()), b(this_context());
    asio::local::connect_pair(a, b);
    co_await a.async_write_some(asio::buffer("x", 1), use_task);
    co_await fail_after(20s, [&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([]() -> task<> {
          for (;;) co_await checkpoint();
        });
        char byte;
        co_await b.async_read_some(asio::buffer(&byte, 1), use_task);
        co_await sleep(1ms);
        tn.scope().cancel();
      });
    });
  });
}

TEST(loop, work_posted_from_another_thread_runs_in_the_loop) {
  run_loop([]() -> task<> {
    event posted;
    detail::event_loop& loop = detail::current_task().loop;
    std::thread other([&] { detail::post_to_loop(loop, [&] { posted.set(); }); });
    co_await fail_after(20s, posted.wait());
    other.join();
  });
}

TEST(loop, plain_asio_handlers_may_wake_tasks) {
  run([]() -> task<> {
    event ready;
    asio::post(this_context(), [&] { ready.set(); });
    co_await ready.wait();
  });
}

namespace {

class counted final : public detail::turn_end {
 public:
  explicit counted(const int& steps) : steps_(steps) {}
  int runs = 0;
  int steps_seen = 0;

 private:
  void at_turn_end() noexcept override {
    ++runs;
    steps_seen = steps_;
  }
  const int& steps_;
};

}  // namespace

TEST(loop, what_is_due_at_the_end_of_a_turn_runs_once_after_all_ready_tasks) {
  run([]() -> task<> {
    int steps = 0;
    counted work(steps);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 3; ++i)
        tn.start_soon([&]() -> task<> {
          work.request();
          ++steps;
          co_await checkpoint();
          ++steps;
          co_await sleep(1s);
        });
      co_return;
    });
    EXPECT_EQ(work.runs, 1);
    EXPECT_EQ(work.steps_seen, 6);
  });
}

TEST(loop, a_task_that_never_rests_does_not_put_off_the_end_of_the_turn_for_ever) {
  run([]() -> task<> {
    int steps = 0;
    counted work(steps);
    work.request();
    while (work.runs == 0 && steps < 1000) {
      ++steps;
      co_await checkpoint();
    }
    EXPECT_EQ(work.runs, 1);
  });
}

TEST(loop, the_end_of_a_turn_may_be_asked_for_outside_of_one_and_forgotten) {
  run([]() -> task<> {
    const int steps = 0;
    counted work(steps);
    asio::post(this_context(), [&] { work.request(); });
    {
      counted forgotten(steps);
      forgotten.request();
    }
    co_await sleep(1s);
    EXPECT_EQ(work.runs, 1);
  });
  const int steps = 0;
  counted late(steps);
  EXPECT_THROW(late.request(), std::logic_error);
}

}  // namespace loop_test
