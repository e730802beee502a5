// What a worker tells of its test, and of what stands around that.
#include "worker_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tractor/harness/process.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace worker_report_test {

using namespace tractor::harness;
using namespace tractor::harness::detail;
using test::finished_run;
using test::own_folder;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

command probe(const std::string& filter) {
  return command(test::program("tractor_harness_probe")).arg("--gtest_filter=" + filter);
}

const std::string head =
    "matrix: a x b, seed 1\n[==========] Running 1 test from 1 test suite.\n"
    "[----------] Global test environment set-up.\n";
const std::string foot =
    "[----------] Global test environment tear-down\n"
    "[==========] 1 test from 1 test suite ran. (0 ms total)\n[  PASSED  ] 0 tests.\n"
    "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] outer.test\n";

TEST(output_of_a_worker, is_that_of_its_test_and_of_its_surroundings) {
  EXPECT_EQ(output_of_test(
                head + "[----------] 1 test from outer\n[ RUN      ] outer.test\nwords\n" +
                    "[  FAILED  ] outer.test (0 ms)\n[----------] 1 test from outer (0 ms total)\n\n" + foot,
                "outer.test"),
            "words\n");
  EXPECT_EQ(output_of_test(
                head + "one\n[----------] 1 test from outer\ntwo\n[ RUN      ] outer.test\nthree, " +
                    "[  FAILED  ] outer.test (0 ms)\nfour\n[----------] 1 test from outer (0 ms total)\n\n" +
                    "five\n" + foot,
                "outer.test"),
            "one\ntwo\nthree, four\nfive\n");
}

TEST(output_of_a_worker, is_not_cut_at_marks_that_its_test_has_printed) {
  const std::string inner =
      "[ RUN      ] inner.test\n[       OK ] inner.test (0 ms)\n[       OK ] outer.test_of_others (0 ms)\n"
      "[==========] 1 test from 1 test suite ran. (0 ms total)\n";
  const std::string begin =
      head + "[----------] 1 test from outer\n[ RUN      ] outer.test\n" + inner + "reason\n";
  EXPECT_EQ(output_of_test(begin + "[  FAILED  ] outer.test (0 ms)\n" + foot, "outer.test"),
            inner + "reason\n");
  // Of its own name, too.
  EXPECT_EQ(
      output_of_test(begin + "[       OK ] outer.test (0 ms)\nmore\n[  FAILED  ] outer.test (0 ms)\n" + foot,
                     "outer.test"),
      inner + "reason\n[       OK ] outer.test (0 ms)\nmore\n");
  // In a crash no mark comes at all.
  EXPECT_EQ(output_of_test(begin, "outer.test"), inner + "reason\n");
}

TEST(output_of_a_worker, has_the_end_mark_of_a_test_with_a_parameter_or_without_times) {
  for (const char* const end :
       {"[  FAILED  ] outer.test, where GetParam() = 3 (0 ms)\n", "[  SKIPPED ] outer.test\n"})
    EXPECT_EQ(output_of_test("[ RUN      ] outer.test\nwords\n" + std::string(end) + foot, "outer.test"),
              "words\n");
}

TEST(output_of_a_worker, that_has_come_to_no_test_is_all_it_wrote) {
  EXPECT_EQ(output_of_test("no plugin\n", "outer.test"), "no plugin\n");
}

TEST(output_of_a_worker, has_the_failure_of_a_test_that_prints_marks) {
  for (const char* const isolation : {"sandbox", "process"}) {
    const finished_run run(probe("spoken.marks_of_another_test").arg("--isolate", isolation));
    EXPECT_EQ(run.verdict_of("spoken.marks_of_another_test"), "FAIL");
    EXPECT_THAT(run.text, HasSubstr("[       OK ] inner.test (0 ms)\n"));
    EXPECT_THAT(run.text, HasSubstr("\nbehind the marks\n"));
    EXPECT_THAT(run.text, HasSubstr("Failure\nFailed\nthe reason behind them\n"));
    EXPECT_THAT(run.text, HasSubstr("\nan open line\n[ FAIL    ] spoken."));
  }
}

/// What a run in workers says of a test: `FAIL: reason`.
std::string told_of(const std::string& test, const finished_run& run) {
  const std::size_t name = run.text.find("] " + test + " ("), end = run.text.find('\n', name);
  const std::size_t reason = run.text.find(" ms)", name);
  EXPECT_LT(reason, end) << run.text;
  return run.verdict_of(test) + run.text.substr(reason + 4, end - reason - 4);
}

TEST(surroundings_of_a_test, that_fail_are_its_failure) {
  const std::string before = "suite_fails_before.passes", thrown = "suite_throws_before.passes";
  const std::string behind = "suite_fails_behind.";
  for (const char* const isolation : {"sandbox", "process"}) {
    const finished_run run(probe("suite_*").arg("--isolate", isolation));
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(told_of(before, run), MatchesRegex("FAIL: surroundings.cpp:[0-9]+: no server"));
    EXPECT_THAT(told_of(thrown, run), AllOf(StartsWith("FAIL: C++ exception"), HasSubstr("no server")));
    for (const char* const test : {"passes", "skips"})
      EXPECT_THAT(told_of(behind + test, run), MatchesRegex("FAIL: surroundings.cpp:[0-9]+: .*not put away"));
    EXPECT_THAT(told_of(behind + "fails", run),
                MatchesRegex("FAIL: surroundings.cpp:[0-9]+: its own reason"));
    EXPECT_THAT(told_of(behind + "leaves_a_descriptor", run),
                MatchesRegex("FAIL: surroundings.cpp:[0-9]+: .*not put away; besides LEAK: fd .*/dev/zero"));
    // What they printed, and where they failed, is shown.
    EXPECT_THAT(run.text,
                ContainsRegex("the server says no\n[^\n]*surroundings.cpp:[0-9]+: Failure\nFailed\nno "));
    EXPECT_THAT(run.text,
                ContainsRegex("the server stays\n[^\n]*surroundings.cpp:[0-9]+: Failure\nValue of: "));
    EXPECT_THAT(run.text, Not(HasSubstr("[-----")));
  }
}

TEST(surroundings_of_a_test, of_its_whole_program_too) {
  const std::string passes = "in_an_environment.passes", fails = "in_an_environment.fails";
  const auto in = [](const std::string& environment, const std::string& isolation) {
    return finished_run(
        probe("in_an_environment.*").arg("--isolate", isolation).env("PROBE_ENVIRONMENT", environment));
  };
  for (const char* const isolation : {"sandbox", "process"}) {
    const finished_run before = in("fails before", isolation), behind = in("fails behind", isolation);
    const finished_run none = in("skips", isolation);
    for (const std::string& test : {passes, fails}) {
      EXPECT_THAT(told_of(test, before), MatchesRegex("FAIL: surroundings.cpp:[0-9]+: no world"));
      EXPECT_EQ(told_of(test, none), "SKIP: no world today");
    }
    EXPECT_THAT(told_of(passes, behind), MatchesRegex("FAIL: surroundings.cpp:[0-9]+: the world stays"));
    EXPECT_THAT(told_of(fails, behind), MatchesRegex("FAIL: surroundings.cpp:[0-9]+: its own reason"));
    EXPECT_THAT(behind.text, ContainsRegex("surroundings.cpp:[0-9]+: Failure\nFailed\nthe world stays\n"));
    EXPECT_EQ(none.code, 0);
  }
}

TEST(leak_of_a_test, that_is_one_of_many_is_told_with_their_number) {
  for (const char* const isolation : {"sandbox", "process"}) {
    const finished_run run(probe("leaves.many_processes:leaves.one_process").arg("--isolate", isolation));
    EXPECT_THAT(told_of("leaves.many_processes", run),
                MatchesRegex("LEAK: process [0-9]+ .*: still runs after the test.*, and 39 more"));
    EXPECT_THAT(told_of("leaves.one_process", run), Not(HasSubstr(" more")));
  }
}

TEST(leak_of_a_test, may_be_a_link_to_a_folder) {
  for (const char* const isolation : {"sandbox", "process", "none"}) {
    const own_folder folder;
    std::filesystem::create_directories(folder.path + "/kept/more");
    const finished_run run(probe("leaves.link_to_a_folder")
                               .arg("--isolate", isolation)
                               .env("PROBE_TARGET", folder.path + "/kept"));
    EXPECT_EQ(run.code, 1) << run.text;
    EXPECT_THAT(run.text, ContainsRegex("LEAK: link [^ ]*/left\n"));
    // What it leads to is not the test's.
    EXPECT_TRUE(std::filesystem::exists(folder.path + "/kept/more"));
  }
}

}  // namespace worker_report_test
