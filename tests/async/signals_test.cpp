#include <csignal>

#include "support.hpp"

namespace signals_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_move_constructible_v<signal_receiver> &&
              !std::is_copy_constructible_v<signal_receiver>);
static_assert(std::is_constructible_v<signal_receiver, int, int, int>);

namespace {
volatile std::sig_atomic_t counted = 0;
void count(int) { counted = counted + 1; }
}  // namespace

TEST(signal_receiver, yields_the_signal_that_came) {
  run([]() -> task<> {
    signal_receiver rx(SIGHUP, SIGUSR2);
    raise(SIGUSR2);
    EXPECT_EQ(co_await rx.next(), SIGUSR2);
    raise(SIGHUP);
    EXPECT_EQ(co_await rx.next(), SIGHUP);
  });
}

TEST(signal_receiver, wakes_a_task_that_waits) {
  run([]() -> task<> {
    signal_receiver rx(SIGHUP);
    int got = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { got = co_await rx.next(); });
      co_await sleep(1s);
      EXPECT_EQ(got, 0);
      raise(SIGHUP);
    });
    EXPECT_EQ(got, SIGHUP);
  });
}

TEST(signal_receiver, a_burst_counts_once) {
  run([]() -> task<> {
    signal_receiver rx(SIGHUP);
    for (int i = 0; i < 5; ++i) raise(SIGHUP);
    co_await sleep(1s);
    EXPECT_TRUE(rx.pending());
    EXPECT_EQ(co_await rx.next(), SIGHUP);
    co_await sleep(1s);
    EXPECT_FALSE(rx.pending());
    EXPECT_FALSE(co_await move_on_after(1s, rx.next()));
  });
}

TEST(signal_receiver, different_signals_do_not_merge) {
  run([]() -> task<> {
    signal_receiver rx(SIGHUP, SIGUSR2);
    for (int i = 0; i < 3; ++i) {
      raise(SIGUSR2);
      raise(SIGHUP);
    }
    co_await sleep(1s);
    EXPECT_EQ(co_await rx.next(), SIGUSR2);
    EXPECT_EQ(co_await rx.next(), SIGHUP);
    EXPECT_FALSE(rx.pending());
  });
}

TEST(signal_receiver, puts_the_disposition_of_before_back) {
  struct sigaction mine = {}, saved = {}, now = {};
  mine.sa_handler = count;
  sigaction(SIGHUP, &mine, &saved);
  counted = 0;
  run([]() -> task<> {
    signal_receiver rx(SIGHUP);
    {
      signal_receiver second(SIGHUP);
      raise(SIGHUP);
      EXPECT_EQ(co_await second.next(), SIGHUP);
    }
    EXPECT_EQ(co_await rx.next(), SIGHUP);
    raise(SIGHUP);
    EXPECT_EQ(co_await rx.next(), SIGHUP);
  });
  EXPECT_EQ(counted, 0);
  sigaction(SIGHUP, nullptr, &now);
  EXPECT_EQ(now.sa_handler, &count);
  raise(SIGHUP);
  EXPECT_EQ(counted, 1);
  sigaction(SIGHUP, &saved, nullptr);
}

TEST(signal_receiver, a_cancelled_wait_loses_no_signal) {
  run([]() -> task<> {
    signal_receiver rx(SIGHUP);
    EXPECT_FALSE(co_await move_on_after(1s, rx.next()));
    raise(SIGHUP);
    EXPECT_EQ(co_await rx.next(), SIGHUP);
  });
}

TEST(signal_receiver, a_signal_that_cannot_be_caught_is_named) {
  run([]() -> task<> {
    EXPECT_EQ(error_of([] { signal_receiver rx(SIGHUP, SIGKILL); }).find("signal 9 cannot be received"), 0u);
    EXPECT_THROW(signal_receiver rx(-3), std::invalid_argument);
    struct sigaction now = {};
    sigaction(SIGHUP, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
    co_return;
  });
}

TEST(signal_receiver, needs_a_running_loop) { EXPECT_THROW(signal_receiver rx(SIGHUP), std::logic_error); }

}  // namespace signals_test
