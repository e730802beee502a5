// A run with a process for each test: what it says of tests with faults, and what it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <tractor/runtime/run_leftovers.hpp>

#include "../process/program.hpp"
#include "finished_run.hpp"
#include "joined.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace runner_test {

namespace fs = std::filesystem;

using namespace tractor::harness;
using namespace tractor::harness::detail;
using namespace std::chrono_literals;
using test::finished_run;
using test::own_folder;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

/// The probe in the first cell, with bounds that are soon over.
command probe(const std::string& filter) {
  const session& chosen = current_session();
  return command(test::program("tractor_harness_probe"))
      .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
      .arg("--gtest_filter=" + filter);
}

void expect_each_verdict(const std::string& isolation) {
  const own_folder folder;
  // Without rights all workers share one /dev/shm, and what one leaves there may be told by another.
  const char* const jobs = isolation == "process" && ::geteuid() != 0 ? "1" : "3";
  const finished_run run(
      probe("fault.*:crash.*:trial.closed*:trial.much*:fault_of_a_plain_test.fd-*.another_cell/*")
          .arg("--isolate", isolation, "-n", jobs, "--timeout-scale", "0.3", "--html",
               folder.path + "/all.html")
          .arg("--junit", folder.path + "/all.xml", "--markdown", folder.path + "/all.md"));
  const std::map<std::string, std::string> expected = {{"fault.none/", "PASS"},
                                                       {"fault.no_fault/", "PASS"},
                                                       {"fault.with_a_child/", "PASS"},
                                                       {"fault.orphan/", "LEAK"},
                                                       {"fault.zombie/", "LEAK"},
                                                       {"fault.burst_of_forks/", "LEAK"},
                                                       {"fault.temporary_file/", "LEAK"},
                                                       {"fault.fd/", "LEAK"},
                                                       {"fault.shm/", "LEAK"},
                                                       {"fault.system_v_shm/", "LEAK"},
                                                       {"fault.socket_file/", "LEAK"},
                                                       {"fault.signal_handler/", "LEAK"},
                                                       {"fault.thread/", "LEAK"},
                                                       {"fault.busy_thread/", "LEAK"},
                                                       {"fault.listening_port/", "LEAK"},
                                                       {"fault.environment/", "LEAK"},
                                                       {"fault.thrown/", "FAIL"},
                                                       {"fault.assertion/", "FAIL"},
                                                       {"fault.skipped/", "SKIP"},
                                                       {"fault.late/", "TIMEOUT"},
                                                       {"fault.blocked/", "TIMEOUT"},
                                                       {"fault.blocked_without_root/", "TIMEOUT"},
                                                       {"crash.segfault/", "CRASH"},
                                                       {"crash.abort/", "CRASH"},
                                                       {"crash.with_a_tree/", "CRASH"},
                                                       {"crash.exit_0_in_the_middle/", "CRASH"},
                                                       {"trial.closed_stdout/", "FAIL"},
                                                       {"trial.much_output/", "PASS"},
                                                       {"fault_of_a_plain_test.fd", "LEAK"}};
  for (const auto& [test, verdict] : expected) EXPECT_EQ(run.verdict_of(test), verdict) << test;
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.text, HasSubstr("4 passed, 24 failed, 1 skipped\n"));
  EXPECT_THAT(run.text, HasSubstr("its process ended with signal 6 (Aborted) before the test was over"));
  EXPECT_THAT(run.text, HasSubstr("its process ended with exit code 0 before the test was over"));
  EXPECT_THAT(run.text, HasSubstr("skipped on purpose"));

  const std::string page = read_file(folder.path + "/all.html");
  EXPECT_THAT(page, HasSubstr("<td>crash.segfault</td>"));
  EXPECT_THAT(page, HasSubstr("LEAK: zombie"));
  EXPECT_THAT(read_file(folder.path + "/all.md"), HasSubstr("| CRASH | `crash.abort/"));
  const std::string xml = read_file(folder.path + "/all.xml");
  EXPECT_THAT(xml, HasSubstr("tests=\"29\" failures=\"20\" errors=\"4\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<property name=\"verdict\" value=\"LEAK\"/>"));
}

TEST(runner, gives_each_fault_its_verdict) { expect_each_verdict("process"); }

// The same without a sandbox where there can be none: the run says so.
TEST(runner, gives_each_fault_its_verdict_in_a_sandbox) { expect_each_verdict("sandbox"); }

TEST(runner, calls_a_test_flaky_that_passes_when_it_is_repeated) {
  const own_folder folder;
  const finished_run run(
      probe("trial.by_turns/*").env("PROBE_TURN", folder.path + "/turn").arg("--retries", "2"));
  EXPECT_EQ(run.code, 0) << run.text;
  EXPECT_EQ(run.verdict_of("trial.by_turns/"), "FLAKY");
  EXPECT_THAT(run.text, HasSubstr("the first turn fails"));
  EXPECT_THAT(run.text, HasSubstr("passed at attempt 2; before: "));
}

TEST(runner, shows_what_a_failed_test_told_its_stderr) {
  const finished_run run(probe("trial.speaks/*").arg("--isolate", "process"));
  EXPECT_EQ(run.verdict_of("trial.speaks/"), "FAIL");
  EXPECT_THAT(run.text, HasSubstr("told its stdout\n"));
  EXPECT_THAT(run.text, HasSubstr("told its stderr\n"));
}

// From its first instruction on: its workers are asked while they boot, too.
TEST(runner, shows_at_sigusr1_what_runs_and_has_the_actors_of_its_workers_show_their_tasks) {
  subprocess run(probe("stuck.waits_with_an_actor/*").arg("--isolate", "process", "--timeout-scale", "4"));
  ASSERT_TRUE(run.wait_for_output("matrix:", process_tests::roomy(10s))) << run.err();
  for (int i = 0; i < 4; ++i) {
    run.signal(SIGUSR1);
    ASSERT_FALSE(run.wait(300ms).has_value()) << run.out() << run.err();
  }
  const auto status = run.wait(process_tests::roomy(20s));
  ASSERT_TRUE(status.has_value());
  EXPECT_THAT(run.err(), HasSubstr("tests that run now: 0 of 1 done"));
  EXPECT_THAT(run.out(), HasSubstr("task tree of actor '"));
  EXPECT_THAT(run.out(), HasSubstr("TIMEOUT"));
}

TEST(runner, judges_by_who_complains_and_not_by_words_of_a_message) {
  const finished_run run(probe("trial.quotes/*").arg("--isolate", "process"));
  EXPECT_EQ(run.verdict_of("trial.quotes/"), "FAIL") << run.text;
}

TEST(runner, tells_place_and_values_of_a_failed_assertion_in_one_line) {
  const own_folder folder;
  const finished_run run(probe("fault.assertion/*").arg("--junit", folder.path + "/all.xml"));
  const std::string reason = "faults.cpp:[0-9]+: Expected equality of these values: answer Which is: 41, 42";
  EXPECT_THAT(run.text,
              testing::ContainsRegex("\\[ FAIL    \\] fault.assertion/[^ ]* \\([0-9]+ ms\\): " + reason));
  EXPECT_THAT(run.text, testing::ContainsRegex("\nFAIL fault.assertion/[^ ]*: " + reason));
  EXPECT_THAT(read_file(folder.path + "/all.xml"), testing::ContainsRegex("message=\"" + reason + "\""));
}

TEST(runner, tries_its_reports_before_the_tests) {
  const own_folder folder;
  for (const char* const flag : {"--junit", "--html", "--markdown"}) {
    const finished_run run(probe("fault.none/*").arg(flag, "/nowhere/report"));
    EXPECT_EQ(run.code, 2) << run.text;
    EXPECT_THAT(run.text, HasSubstr("cannot write /nowhere/report"));
    EXPECT_THAT(run.text, Not(HasSubstr("fault.none/")));
  }
  // A disk that is full is noticed behind the tests, whose counts are there all the same.
  const finished_run full(probe("fault.none/*").arg("--junit", "/dev/full"));
  EXPECT_EQ(full.code, 2) << full.text;
  EXPECT_THAT(full.text, HasSubstr("1 passed, 0 failed, 0 skipped\n"));
  EXPECT_THAT(full.text, HasSubstr("cannot write /dev/full"));
}

TEST(runner, keeps_what_a_bad_test_left_and_nothing_of_its_own) {
  const own_folder folder;
  const finished_run run(probe("fault.temporary_file/*").arg("--artifacts", folder.path + "/kept"));
  std::set<std::string> names;
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder.path + "/kept"))
    if (each.is_regular_file()) names.insert(each.path().filename());
  EXPECT_TRUE(names.contains("output.txt")) << run.text;
  for (const char* const internal : {"key", "prompt", "report", "rest"})
    EXPECT_FALSE(names.contains(internal)) << internal;
}

TEST(runner, goes_on_when_it_cannot_keep_the_files_of_a_test) {
  const finished_run run(probe("fault.fd/*:fault.none/*").arg("--artifacts", "/proc/nowhere"));
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.text, HasSubstr("its files are not kept: "));
  EXPECT_THAT(run.text, HasSubstr("1 passed, 1 failed, 0 skipped\n"));
}

TEST(runner, shows_progress_and_trees_to_those_who_watch) {
  const finished_run run(
      probe("stuck.waits_with_an_actor/*:fault.none/*").arg("--watch", "--timeout-scale", "4"));
  EXPECT_THAT(run.text, HasSubstr(" of 2 done, 0 failed\n"));
  EXPECT_THAT(run.text, testing::ContainsRegex("  stuck.waits_with_an_actor/[^ ]* [0-9.]+ s\n +[0-9]+ "));
  EXPECT_THAT(run.text, testing::ContainsRegex("\n +[0-9]+ _subactor.kid"));
}

TEST(runner, has_no_false_alarm) {
  const session& chosen = current_session();
  const int runs = count(24, 2000);
  const int cells = static_cast<int>(chosen.backends.size() * chosen.transports.size());
  for (int done = 0; done < runs; done += 3 * cells) {
    const char* const isolation = done / cells % 2 == 0 || ::geteuid() != 0 ? "sandbox" : "process";
    const finished_run run(command(test::program("tractor_harness_probe"))
                               .arg("--spawn-backend", joined(chosen.backends, ","))
                               .arg("--tpt-proto", joined(chosen.transports, ","))
                               .arg("--gtest_filter=fault.none/*:fault.no_fault/*:fault.with_a_child/*")
                               .arg("--isolate", isolation, "-n", "4"));
    ASSERT_EQ(run.code, 0) << "after " << done << " tests: " << run.text;
  }
}

TEST(runner, never_repeats_a_leak_or_a_crash) {
  const finished_run run(probe("fault.fd/*:crash.abort/*").arg("--retries", "3"));
  EXPECT_EQ(run.verdict_of("fault.fd/"), "LEAK");
  EXPECT_EQ(run.verdict_of("crash.abort/"), "CRASH");
  EXPECT_THAT(run.text, Not(HasSubstr("attempt")));
  EXPECT_EQ(run.code, 1);
}

TEST(runner, stops_at_the_first_failure_if_it_is_told_to) {
  const finished_run run(probe("fault.fd/*:fault.thread/*:fault.none/*").arg("--isolate", "process", "-x"));
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.text, HasSubstr("\n1 test was not run\n"));
}

bool has_begun(const std::vector<pid_t>& below) {
  return std::ranges::any_of(
      below, [](pid_t pid) { return read_file("/proc/" + std::to_string(pid) + "/comm") == "waits\n"; });
}

void expect_end_of_all(const std::string& isolation) {
  for (const int number : {SIGINT, SIGTERM, SIGKILL}) {
    subprocess run(probe("trial.waits/*").arg("--isolate", isolation));
    std::vector<pid_t> below;
    for (int tries = 0; tries < 2000 && !has_begun(below); ++tries) {
      std::this_thread::sleep_for(5ms);
      below = run.descendants();
    }
    ASSERT_TRUE(has_begun(below)) << run.out() << run.err();
    run.signal(number);
    const auto status = run.wait(20s);
    ASSERT_TRUE(status) << number;
    if (number != SIGKILL) {
      EXPECT_EQ(status->code(), 128 + number) << run.out() << run.err();
      EXPECT_THAT(run.out(), HasSubstr(std::string("interrupted by SIG") + ::sigabbrev_np(number) +
                                       ": 1 of 1 tests not run\n0 passed, 0 failed, 0 skipped\n"));
      EXPECT_THAT(run.out(), Not(HasSubstr("PASSED")));
    }
    // Workers lead groups of their own; those of a runner that was killed come to us.
    EXPECT_TRUE(process_tests::all_gone(below, 5s)) << number;
  }
}

TEST(runner, that_is_interrupted_ends_what_runs) { expect_end_of_all("process"); }

TEST(runner, that_is_interrupted_ends_its_sandboxes) { expect_end_of_all("sandbox"); }

// All orphans come to this process.
bool reap_all(std::chrono::nanoseconds bound) {
  const auto until = std::chrono::steady_clock::now() + bound;
  while (std::chrono::steady_clock::now() < until) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0) return true;
    if (ended == 0) std::this_thread::sleep_for(5ms);
  }
  return false;
}

// Which a runner holds open, to keep its lock; empty before it has made it.
std::string folder_of_run(pid_t runner) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(runner) + "/fd", ignored)) {
    const std::string path = fs::read_symlink(entry.path(), ignored);
    if (path.starts_with("/tmp/" + tractor::run_folder_prefix("run"))) return path;
  }
  return {};
}

void expect_nothing_after_a_kill(const std::string& isolation) {
  std::mt19937_64 dice(seed());
  for (int round = 0; round < count(6, 100); ++round) {
    subprocess run(probe("beside.waits_with_company/*:stuck.waits_with_an_actor/*:trial.waits/*:fault.none/*")
                       .arg("--isolate", isolation, "-n", "3", "--timeout-scale", "20"));
    // The first one is late enough for all to stand.
    const auto after =
        std::chrono::milliseconds(round == 0 ? 500 : std::uniform_int_distribution(0, 250)(dice));
    std::this_thread::sleep_for(after);
    const std::string folder = folder_of_run(run.pid());
    run.signal(SIGKILL);
    ASSERT_TRUE(run.wait(10s));
    EXPECT_TRUE(reap_all(10s)) << "killed after " << after.count() << " ms";
    EXPECT_TRUE(folder.empty() || !fs::exists(folder)) << folder << " after " << after.count() << " ms";
  }
}

TEST(runner, that_is_killed_at_any_time_leaves_no_process) { expect_nothing_after_a_kill("process"); }

TEST(runner, that_is_killed_at_any_time_leaves_no_sandbox) { expect_nothing_after_a_kill("sandbox"); }

TEST(runner, sandbox_has_processes_a_network_and_shared_memory_of_its_own) {
  const finished_run run(probe("sandboxed.has_a_world_of_its_own").arg("--isolate", "sandbox"));
  if (run.text.find("no sandbox: ") != run.text.npos)
    GTEST_SKIP() << run.text.substr(run.text.find("no sandbox: "), 60);
  EXPECT_EQ(run.code, 0) << run.text;
}

TEST(runner, refuses_flags_that_are_for_one_process) {
  EXPECT_THAT(finished_run(probe("fault.none/*").arg("-n", "2", "--gtest_repeat=2")).text,
              HasSubstr("--gtest_repeat is for a run in one process: leave out -n"));
  EXPECT_THAT(finished_run(probe("fault.none/*").arg("--isolate", "process", "--gtest_output=xml")).text,
              HasSubstr("--gtest_output is for a run in one process: leave out --isolate, or it and write"));
  EXPECT_THAT(finished_run(probe("fault.none/*").env("GTEST_TOTAL_SHARDS", "2").arg("-n", "2")).text,
              HasSubstr("GTEST_TOTAL_SHARDS is for a run in one process: leave out -n"));
  EXPECT_THAT(finished_run(probe("fault.none/*").arg("-n", "2", "-s")).text,
              HasSubstr("-s leaves the terminal to one test at a time: leave out -n"));
  EXPECT_THAT(finished_run(probe("fault.none/*").arg("--isolate", "box")).text,
              HasSubstr("--isolate: known are none, process, sandbox; found 'box'"));
  EXPECT_THAT(finished_run(probe("fault.none/*").arg("-n", "0")).text,
              HasSubstr("-n: expected a whole number above 0, found '0'"));
}

TEST(runner, keeps_tests_in_sandboxes_unless_a_flag_needs_one_process) {
  const finished_run kept_apart(probe("sandboxed.has_a_world_of_its_own"));
  const bool allowed = kept_apart.text.find("no sandbox: ") == kept_apart.text.npos;
  EXPECT_EQ(kept_apart.verdict_of("sandboxed."), allowed ? "PASS" : "FAIL") << kept_apart.text;
  const finished_run together(probe("fault.none/*").arg("--gtest_repeat=2"));
  EXPECT_EQ(together.code, 0) << together.text;
  EXPECT_THAT(together.text, HasSubstr("all tests run in one process: --gtest_repeat needs it\n"));
  EXPECT_THAT(together.text, HasSubstr("Repeating all tests (iteration 2)"));
}

TEST(runner, hands_gtests_own_flags_on_to_its_workers) {
  const finished_run run(probe("fault.thrown/*:fault.none/*").arg("--gtest_brief=1", "--gtest_fail_fast"));
  EXPECT_THAT(run.text, Not(HasSubstr("[ PASS")));
  EXPECT_EQ(run.verdict_of("fault.thrown/"), "FAIL");
  const finished_run fatal(
      probe("trial.speaks/*").arg("--gtest_throw_on_failure", "--gtest_catch_exceptions=0"));
  EXPECT_EQ(fatal.verdict_of("trial.speaks/"), "CRASH") << fatal.text;
}

TEST(runner, shows_where_a_test_stood_when_it_crashed) {
  const finished_run run(probe("crash.abort/*"));
  EXPECT_EQ(run.verdict_of("crash.abort/"), "CRASH");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has a report of its own";
#endif
  EXPECT_THAT(run.text, HasSubstr("CRASH: signal ABRT ends this process. It stands here:\n"));
  EXPECT_THAT(run.text, HasSubstr("crashes.cpp:")) << "gdb has no line of the test";
}

TEST(runner, leaves_the_streams_to_a_test_in_the_foreground) {
  const finished_run run(probe("trial.speaks/*").arg("-s"));
  EXPECT_EQ(run.verdict_of("trial.speaks/"), "FAIL");
  // Not cut out of what the worker wrote, but all of it.
  EXPECT_THAT(run.text, HasSubstr("[ RUN      ] trial.speaks/"));
  EXPECT_THAT(run.text, HasSubstr("told its stdout\n"));
}

// The bounds of the test, of its process and of the runner are all over by then.
TRACTOR_CELL_TEST(prompt, holds_every_bound_while_a_person_is_asked, (pty_session & terminal)) {
  for (const std::string isolation : {"sandbox", "process", "none"}) {
    terminal.start(probe("asks.a_person/*").arg("-s", "--isolate", isolation, "--timeout-scale", "0.05"));
    terminal.expect("who are you? ");
    std::this_thread::sleep_for(2s);
    terminal.send_line("slow");
    terminal.expect("hello slow\n");
    EXPECT_TRUE(terminal.wait(30s).ok()) << terminal.transcript();
  }
  terminal.start(command("sh").arg("-c", probe("asks.a_person/*").text() + " </dev/null"));
  terminal.expect("a prompt needs a terminal: run this test alone, with -s");
  EXPECT_EQ(terminal.wait(30s).code(), 1);
}

TEST(runner, keeps_the_folder_of_a_bad_test_if_it_is_told_to) {
  const finished_run run(probe("fault.socket_file/*:fault.none/*").arg("--keep-sandbox"));
  const std::string mark = "its folder is kept: ";
  std::size_t kept = 0;
  for (std::size_t at = 0; (at = run.text.find(mark, at)) != run.text.npos;) {
    at += mark.size();
    const std::string folder = run.text.substr(at, run.text.find('\n', at) - at);
    EXPECT_TRUE(std::filesystem::is_directory(folder + "/runtime")) << folder;
    std::filesystem::remove_all(folder);
    ++kept;
  }
  EXPECT_EQ(kept, 1u) << run.text;
}

}  // namespace runner_test
