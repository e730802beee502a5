// The flags of a run reach the trees of its tests; what it writes where a CI system asks for a summary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace told_test {

using namespace tractor::harness;
using test::finished_run;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

command probe(const start_method& how, const tpt_proto& via, const std::string& filter) {
  return command(test::program("tractor_harness_probe"))
      .arg("--spawn-backend", how.key(), "--tpt-proto", via.key(), "--gtest_filter=" + filter);
}

TRACTOR_CELL_TEST(flag, ll_and_tl_reach_the_actors_of_a_test, (start_method how, tpt_proto via)) {
  EXPECT_THAT(finished_run(probe(how, via, "told.by_flags/*")).text,
              HasSubstr("level '', debug mode off; cancels are logged: root 0, child 0"));
  EXPECT_THAT(finished_run(probe(how, via, "told.by_flags/*").arg("--ll", "cancel")).text,
              HasSubstr("level 'CANCEL', debug mode off; cancels are logged: root 1, child 1"));
  EXPECT_THAT(finished_run(probe(how, via, "told.by_flags/*").arg("--tl", "runtime:cancel")).text,
              HasSubstr("cancels are logged: root 1, child 1"));
}

TRACTOR_CELL_TEST(flag, tpdb_and_debug_mode_reach_a_test, (start_method how, tpt_proto via)) {
  for (const char* const flag : {"--tpdb", "--debug-mode"})
    EXPECT_THAT(finished_run(probe(how, via, "told.by_flags/*").arg(flag)).text, HasSubstr("debug mode on"));
}

TRACTOR_CELL_TEST(room, of_a_slow_machine_is_measured_once_and_printed, (start_method how, tpt_proto via)) {
  const std::string line = "head room: ([0-9]+\\.[0-9]) times \\(a probe took [0-9]+ ms\\)\n";
  const std::string one_process = finished_run(probe(how, via, "told.room/*").arg("--isolate", "none")).text;
  EXPECT_THAT(one_process, ContainsRegex(line + "room of [0-9.]+, the same\n"));
  for (const std::string isolation : {"process", "sandbox"}) {
    const std::string text = finished_run(probe(how, via, "told.room*").arg("--isolate", isolation)).text;
    std::smatch told;
    ASSERT_TRUE(std::regex_search(text, told, std::regex("matrix: [^\n]*\n" + line))) << text;
    EXPECT_EQ(text.find("head room: "), text.rfind("head room: ")) << text;
    EXPECT_THAT(text, HasSubstr("room of " + told.str(1) + ", the same\n"));
    EXPECT_THAT(text, HasSubstr("again " + told.str(1) + "\n"));
  }
}

// Whoever asks or not, and what passes shows nothing of its own.
TRACTOR_CELL_TEST(room, stands_in_the_head_of_reports, (start_method how, tpt_proto via, tmp_dir& folder)) {
  const finished_run run(
      probe(how, via, "fault.none/*").arg("--html", folder / "all.html", "--markdown", folder / "all.md"));
  EXPECT_THAT(run.text, ContainsRegex("\nhead room: [0-9.]+ times "));
  for (const char* const report : {"all.html", "all.md"}) {
    std::ostringstream text;
    text << std::ifstream(folder / report).rdbuf();
    EXPECT_THAT(text.str(), ContainsRegex(", head room [0-9.]+")) << report;
  }
}

TRACTOR_CELL_TEST(summary, goes_where_the_ci_system_wants_it,
                  (start_method how, tpt_proto via, tmp_dir& folder)) {
  const std::string page = folder / "summary.md";
  finished_run(probe(how, via, "fault.none/*:fault.fd/*").env("GITHUB_STEP_SUMMARY", page));
  std::ostringstream text;
  text << std::ifstream(page).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("| LEAK | `fault.fd/"));
}

TRACTOR_CELL_TEST(annotation, of_each_bad_test_has_its_place, (start_method how, tpt_proto via)) {
  const std::string workspace = std::filesystem::path(TRACTOR_EXAMPLES_DIR).parent_path();
  const std::string cell = "/" + how.key() + "\\+" + via.key() + "::";
  const command line = probe(how, via, "fault.none/*:fault.assertion/*:fault.fd/*:crash.abort/*");
  EXPECT_THAT(finished_run(command(line).env("GITHUB_ACTIONS", "")).text, Not(HasSubstr("::error")));
  const finished_run run(command(line).env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", workspace));
  const std::string head = "\n::error file=tests/harness/probe/";
  EXPECT_THAT(run.text, ContainsRegex(head + "faults.cpp,line=[1-9][0-9]*,title=fault.assertion" + cell +
                                      "FAIL: faults.cpp:[0-9]+: Expected equality of these values: "));
  EXPECT_THAT(run.text,
              ContainsRegex(head + "faults.cpp,line=[1-9][0-9]*,title=fault.fd" + cell + "LEAK: fd "));
  EXPECT_THAT(run.text,
              ContainsRegex(head + "crashes.cpp,line=[1-9][0-9]*,title=crash.abort" + cell + "CRASH: "));
  EXPECT_THAT(run.text, Not(HasSubstr("title=fault.none")));
}

}  // namespace told_test
