// What options of a test make of it, cell by cell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace markers_test {

using namespace tractor::harness;
using test::finished_run;
using test::own_folder;
using testing::HasSubstr;
using testing::Not;

// These probes name plugins of this project.
command marked(const std::string& filter) {
  return command(test::program("tractor_harness_probe"))
      .arg("--spawn-backend", "fork_spawn", "trio_like", "--tpt-proto", "tcp", "uds",
           "--gtest_filter=" + filter);
}

// The words of a test in the four cells: fork_spawn+tcp, fork_spawn+uds, trio_like+tcp, trio_like+uds.
std::string verdicts(const std::string& test) {
  const finished_run run(marked("marked." + test + "/*").arg("--isolate", "process"));
  std::string out;
  for (const std::string cell : {"fork_spawn+tcp", "fork_spawn+uds", "trio_like+tcp", "trio_like+uds"}) {
    const std::string verdict = run.verdict_of("marked." + test + "/" + cell + " (");
    if (verdict.empty()) return run.text;
    out += (out.empty() ? "" : " ") + verdict;
  }
  return out + " " + std::to_string(run.code);
}

TEST(marker, skip_on_takes_a_backend_a_transport_or_a_cell) {
  EXPECT_EQ(verdicts("not_on_uds"), "PASS SKIP PASS SKIP 0");
  EXPECT_EQ(verdicts("not_in_one_cell"), "SKIP PASS PASS PASS 0");
}

TEST(marker, xfail_on_expects_a_failure_and_fails_without_it) {
  EXPECT_EQ(verdicts("fails_on_tcp"), "XFAIL PASS XFAIL PASS 0");
  EXPECT_EQ(verdicts("throws_on_tcp"), "XFAIL PASS XFAIL PASS 0");
  EXPECT_EQ(verdicts("was_mended"), "PASS PASS XPASS XPASS 1");
  EXPECT_EQ(verdicts("skips_itself"), "SKIP SKIP SKIP SKIP 0");
}

TEST(marker, xfail_on_does_not_cover_a_leak) {
  EXPECT_EQ(verdicts("leaves_a_file"), "LEAK FAIL LEAK FAIL 1");
}

TEST(marker, needs_asks_the_plugins_of_the_cell) {
  EXPECT_EQ(verdicts("wants_a_fork"), "PASS PASS SKIP SKIP 0");
  EXPECT_EQ(verdicts("wants_a_cipher"), "SKIP SKIP SKIP SKIP 0");
  EXPECT_THAT(finished_run(marked("marked.wants_a_cipher/*uds").arg("--isolate", "process")).text,
              HasSubstr("needs 'encrypts', which neither trio_like nor uds has"));
}

TEST(marker, with_a_capability_that_nobody_can_have_is_an_error_of_the_run) {
  for (const char* isolation : {"none", "process"}) {
    const finished_run run(marked("misspelt.wants_a_frok/*").arg("--isolate", isolation));
    EXPECT_EQ(run.code, 2) << run.text;
    EXPECT_THAT(run.text,
                HasSubstr("misspelt.wants_a_frok: needs(\"frok\"): no plugin can have that: known are "));
  }
}

TEST(marker, with_an_alias_is_an_error_that_names_the_key) {
  const finished_run run(marked("misspelt.not_by_an_alias/*"));
  EXPECT_EQ(run.code, 2) << run.text;
  EXPECT_THAT(run.text, HasSubstr("is an alias of 'fork_spawn', so write that"));
}

TEST(marker, with_a_place_of_no_plugin_is_told_once) {
  const finished_run run(marked("misspelt.not_on_udp/*").arg("--isolate", "process"));
  EXPECT_EQ(run.code, 0) << run.text;
  const std::string line =
      "misspelt.not_on_udp: an option is for \"fork_spawn+udp\", but there is no plugin 'udp'";
  EXPECT_THAT(run.text, HasSubstr(line));
  EXPECT_EQ(run.text.find(line), run.text.rfind(line));
  EXPECT_THAT(finished_run(marked("marked.not_on_uds/*").arg("--isolate", "process")).text,
              Not(HasSubstr("an option is for")));
}

TEST(marker, works_in_a_run_in_one_process_too) {
  const finished_run good(marked("marked.fails_on_tcp/*:marked.not_on_uds/*").arg("--isolate", "none"));
  EXPECT_EQ(good.code, 0) << good.text;
  EXPECT_THAT(good.text, HasSubstr("XFAIL: known for long"));
  const finished_run mended(marked("marked.was_mended/*").arg("--isolate", "none"));
  EXPECT_EQ(mended.code, 1) << mended.text;
  EXPECT_THAT(mended.text, HasSubstr("XPASS: it passes, and was to fail: was known for long"));
}

TEST(marker, gives_a_run_of_nothing_but_skips_the_code_it_was_told) {
  EXPECT_EQ(
      finished_run(marked("marked.wants_a_cipher/*").arg("--skip-code", "77", "--isolate", "none")).code, 77);
  EXPECT_EQ(finished_run(marked("marked.wants_a_cipher/*").arg("--skip-code", "77", "-n", "2")).code, 77);
  EXPECT_EQ(finished_run(marked("marked.wants_a_fork/*").arg("--skip-code", "77", "--isolate", "none")).code,
            0);
}

TEST(ctest_file, has_labels_a_bound_and_a_code_for_skips) {
  const own_folder folder;
  const std::string file = folder.path + "/tests.cmake";
  const finished_run run(
      marked("marked.not_on_uds/fork_spawn+tcp").arg("--ctest", file, "--isolate", "sandbox"));
  ASSERT_EQ(run.code, 0) << run.text;
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_THAT(text.str(),
              HasSubstr("[==[--gtest_filter=marked.not_on_uds/fork_spawn+tcp]==] --skip-code=77"));
  EXPECT_THAT(text.str(), HasSubstr("LABELS [==[marked;fork_spawn;tcp;quick]==] TIMEOUT "));
  EXPECT_THAT(text.str(), HasSubstr(" SKIP_RETURN_CODE 77)"));
  EXPECT_THAT(text.str(), HasSubstr(" --isolate=sandbox)"));
  EXPECT_THAT(text.str(), HasSubstr(" PROCESSORS 3 "));
}

TEST(ctest_file, that_cannot_be_written_is_an_error_that_names_it) {
  const finished_run run(marked("marked.not_on_uds/*").arg("--ctest", "/nowhere/tests.cmake"));
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.text, HasSubstr("cannot write /nowhere/tests.cmake"));
}

}  // namespace markers_test
