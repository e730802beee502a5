// Actors that die, stop or lose a connection at a named point, and what their parents are told.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "finished_run.hpp"
#include "program.hpp"

namespace nemesis_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using test::finished_run;
using testing::HasSubstr;

task<int> twice(int value) { co_return 2 * value; }

// What a parent is told of a child that is called once; empty for nothing.
task<std::string> life_of(std::string name) {
  try {
    auto life = open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor(name, expose<&twice>());
      CO_ASSERT_EQ(co_await kid.run<&twice>(21), 42);
      an.cancel();
    });
    co_await std::move(life);
  } catch (const testing::AssertionException&) {
    throw;
  } catch (const std::exception&) {
    co_return describe(std::current_exception());
  }
  co_return "";
}

// Calls a child until that fails; yields how.
task<std::string> end_of_calls_to(std::string name, int* calls = nullptr) {
  auto life = open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor(name, expose<&twice>());
    for (int i = 0;; ++i) {
      co_await kid.run<&twice>(i);
      if (calls) ++*calls;
    }
  });
  try {
    co_await std::move(life);
  } catch (const std::exception&) {
    co_return describe(std::current_exception());
  }
  co_return "";
}

TRACTOR_TEST(nemesis, kills_an_actor_at_each_point_of_its_life_and_the_error_names_it,
             (reg_addr, nemesis foe), timeout(60s)) {
  for (const failure_point at :
       {failure_point::boot, failure_point::connected, failure_point::serving, failure_point::message,
        failure_point::call, failure_point::result, failure_point::cancelled, failure_point::teardown}) {
    const std::string name = "victim of " + std::string(failure_point_names[static_cast<std::size_t>(at)]);
    foe.kill(name, at);
    const std::string said = co_await life_of(name);
    EXPECT_THAT(said, HasSubstr(name + "@"));
    EXPECT_THAT(said, HasSubstr("SIGKILL")) << said;
  }
  CO_ASSERT_EQ(foe.struck().size(), 8u);
}

TRACTOR_TEST(nemesis, counts_the_actors_of_a_tree_in_the_order_of_their_boots, (reg_addr, nemesis foe)) {
  foe.kill("#2", failure_point::call);
  EXPECT_EQ(co_await life_of("first"), "");
  EXPECT_THAT(co_await life_of("second"), HasSubstr("second@"));
  EXPECT_EQ(co_await life_of("third"), "");
}

TRACTOR_TEST(nemesis, strikes_once_and_an_actor_that_is_started_again_goes_on, (reg_addr, nemesis foe)) {
  foe.kill("worker", failure_point::call);
  EXPECT_THAT(co_await life_of("worker"), HasSubstr("worker@"));
  EXPECT_EQ(co_await life_of("worker"), "");
}

TRACTOR_TEST(nemesis, kills_at_a_random_event_of_a_life_and_nothing_hangs_or_is_lost, (reg_addr, nemesis foe),
             timeout(120s)) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < count(3, 60); ++round) {
    const std::string name = "victim " + std::to_string(round);
    // A life has ten of them: its boot, what arrives, one call, its end.
    const int event = 1 + static_cast<int>(random() % 8);
    foe.kill(name, failure_point::any, event);
    const std::string said = co_await life_of(name);
    EXPECT_THAT(said, HasSubstr(name + "@")) << "killed at event " << event;
  }
}

/// Heartbeats that are soon missed, for the tree of one test.
class short_heartbeats {
 public:
  static short_heartbeats provide(test_context& context) { return short_heartbeats(context.get<tmp_dir>()); }
  short_heartbeats(const short_heartbeats&) = delete;
  short_heartbeats& operator=(const short_heartbeats&) = delete;
  ~short_heartbeats() { ::unsetenv("TRACTOR_CONFIG"); }

 private:
  explicit short_heartbeats(const tmp_dir& folder) {
    const int silent = static_cast<int>(400 * head_room());
    const std::string file = folder / "config.yaml";
    std::ofstream(file) << "timeouts: {heartbeat_period: 50ms, heartbeat_timeout: " << silent << "ms}\n";
    ::setenv("TRACTOR_CONFIG", file.c_str(), 1);
  }
};

TRACTOR_TEST(nemesis, stops_an_actor_which_is_too_slow_then_and_ends_with_its_parent,
             (reg_addr, nemesis foe, short_heartbeats&)) {
  foe.stop("sleeper", failure_point::call);
  EXPECT_THAT(co_await life_of("sleeper"), HasSubstr("sleeper@"));
  const auto struck = foe.struck();
  CO_ASSERT_EQ(struck.size(), 1u);
  EXPECT_NE(::kill(struck.front(), 0), 0);
}

TRACTOR_TEST(break_ipc, cuts_the_connection_of_a_child_whose_caller_is_told, (reg_addr, break_ipc faults)) {
  faults.cut("cut off");
  EXPECT_THAT(co_await end_of_calls_to("cut off"), HasSubstr("cut off@"));
}

TRACTOR_TEST(break_ipc, half_closes_a_connection_whose_caller_is_told, (reg_addr, break_ipc faults)) {
  faults.half_close("mute");
  EXPECT_THAT(co_await end_of_calls_to("mute"), HasSubstr("mute@"));
}

TRACTOR_TEST(break_ipc, breaks_a_connection_in_the_middle_of_its_life, (reg_addr, break_ipc faults)) {
  faults.cut("cut off", 50);
  int calls = 0;
  EXPECT_THAT(co_await end_of_calls_to("cut off", &calls), HasSubstr("cut off@"));
  // Some of the messages are about other things.
  EXPECT_GT(calls, 40);
  EXPECT_LT(calls, 50);
}

TRACTOR_CELL_TEST(nemesis, whose_strike_never_comes_fails_the_test, (start_method how, tpt_proto via)) {
  const finished_run run(command(test::program("tractor_harness_probe"))
                             .arg("--spawn-backend", how.key(), "--tpt-proto", via.key())
                             .arg("--gtest_filter=planned.*"));
  EXPECT_EQ(run.verdict_of("planned.strike_that_never_comes/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, HasSubstr("no actor came to where the test strikes: kill call 2 nobody"));
  EXPECT_EQ(run.verdict_of("planned.cancel_that_nothing_waits_for/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, HasSubstr("ran nothing that could be"));
  EXPECT_EQ(run.verdict_of("planned.cancel_by_another_one/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, HasSubstr("not by 'somebody@"));
}

// The reason is what ended the test, and not what its fixtures then miss.
TRACTOR_CELL_TEST(pty_session, of_a_test_that_has_failed_is_shown, (start_method how, tpt_proto via)) {
  const finished_run run(command(test::program("tractor_harness_probe"))
                             .arg("--spawn-backend", how.key(), "--tpt-proto", via.key())
                             .arg("--gtest_filter=planned.terminal*:planned.end_of*"));
  EXPECT_EQ(run.verdict_of("planned.terminal_that_stays_silent/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, testing::ContainsRegex(
                            "ms\\): planned.cpp:[0-9]+: the test threw .*pty_timeout: no 'more' in time"));
  EXPECT_THAT(run.text, testing::ContainsRegex("the terminal of [0-9]+ showed:\nonly this\n"));
  EXPECT_THAT(run.text, testing::Not(HasSubstr("no actor came to")));
  EXPECT_EQ(run.verdict_of("planned.end_of_the_session_that_fails/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, HasSubstr("not put away"));
}

task<> cancels_itself(context<starts<void>>& ctx) {
  co_await ctx.started();
  ctx.cancel();
  co_await sleep_forever();
}

TRACTOR_TEST(expect_cancelled, yields_the_cancel_that_ended_a_part_of_the_test,
             (reg_addr, expect_cancelled& cancelled)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&cancels_itself>());
    auto idle = [](auto&) -> task<> { co_await sleep_forever(); };
    auto end = co_await cancelled.by(kid.peer(), kid.open_context<&cancels_itself>(idle));
    EXPECT_THAT(end.what(), HasSubstr("kid@"));
    an.cancel();
  });
}

}  // namespace nemesis_test
