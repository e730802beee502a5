// What a worker tells of its test, and of what stands around that.
#include "worker_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using testing::HasSubstr;
using testing::Not;

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

}  // namespace worker_report_test
