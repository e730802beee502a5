// The flags of a run reach the trees of its tests; what it writes where a CI system asks for a summary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
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
  EXPECT_THAT(finished_run(probe(how, via, "told.room/*")).text,
              ContainsRegex("head room: [0-9]+\\.[0-9] times \\(a probe took [0-9]+ ms\\)\nthe same\n"));
}

TRACTOR_CELL_TEST(summary, goes_where_the_ci_system_wants_it,
                  (start_method how, tpt_proto via, tmp_dir& folder)) {
  const std::string page = folder / "summary.md";
  finished_run(probe(how, via, "fault.none/*:fault.fd/*").env("GITHUB_STEP_SUMMARY", page));
  std::ostringstream text;
  text << std::ifstream(page).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("| LEAK | `fault.fd/"));
}

}  // namespace told_test
