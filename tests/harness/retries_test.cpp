// What becomes of a test that is repeated, and which ones never are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace retries_test {

using namespace tractor::harness;
using test::finished_run;
using test::own_folder;
using testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string only_cell() {
  return cell(current_session().backends.front(), current_session().transports.front()).id();
}

/// A run of one test of the probe, in the first cell, that counts its turns.
class counted_run {
 public:
  explicit counted_run(const std::string& test, const std::string& retries = "2",
                       const std::string& isolation = "process")
      : run_(command(test::program("tractor_harness_probe"))
                 .arg("--spawn-backend", current_session().backends.front())
                 .arg("--tpt-proto", current_session().transports.front())
                 .arg("--gtest_filter=trial." + test + "/*", "--isolate", isolation, "--retries", retries)
                 .arg("--artifacts", folder_.path + "/kept", "--html", folder_.path + "/all.html")
                 .arg("--junit", folder_.path + "/all.xml")
                 .env("PROBE_TURN", folder_.path + "/turn")),
        verdict_(run_.verdict_of("trial." + test)) {}

  int code() const { return run_.code; }
  const std::string& text() const { return run_.text; }
  const std::string& verdict() const { return verdict_; }
  std::string file(const std::string& name) const { return text_of(folder_.path + "/" + name); }

 private:
  const own_folder folder_;
  const finished_run run_;
  const std::string verdict_;
};

void expect_no_retry_of_leaks(const std::string& isolation) {
  const std::map<std::string, std::string> expected = {
      {"fails_and_leaves_by_turns", "FAIL: crashes.cpp:[0-9]+: .*; besides LEAK: fd [0-9]+ -> /dev/zero"},
      {"is_late_and_leaves_by_turns", "TIMEOUT: not done after .*; besides LEAK: thread "},
      {"fails_at_the_end_and_leaves_by_turns", "FAIL: .*; besides LEAK: fd [0-9]+ -> /dev/zero"},
      {"leaves_a_process_at_the_end_by_turns", "FAIL: .*; besides LEAK: its process was gone before"}};
  for (const auto& [test, reason] : expected) {
    const counted_run run(test, "2", isolation);
    EXPECT_EQ(run.code(), 1) << run.text();
    const std::string verdict = reason.substr(0, reason.find(':')), rest = reason.substr(verdict.size());
    EXPECT_EQ(run.verdict(), verdict) << run.text();
    EXPECT_THAT(run.text(), testing::ContainsRegex("\n" + verdict + " trial." + test + "/[^ ]*" + rest));
    EXPECT_EQ(run.file("turn"), "1") << test << " was repeated";
  }
}

TEST(retries, are_for_no_test_that_leaks_besides_its_other_fault) { expect_no_retry_of_leaks("process"); }

TEST(retries, are_for_no_test_that_leaks_in_a_sandbox) { expect_no_retry_of_leaks("sandbox"); }

std::string folder_of_flaky() { return "kept/trial.by_three_turns-" + only_cell(); }

TEST(retries, keep_what_each_attempt_wrote) {
  const counted_run run("by_three_turns", "3");
  EXPECT_EQ(run.code(), 0) << run.text();
  EXPECT_EQ(run.verdict(), "FLAKY");
  for (const std::string& told :
       {run.text(), run.file("all.html"), run.file(folder_of_flaky() + "/output.txt")}) {
    EXPECT_THAT(told,
                testing::ContainsRegex("---- attempt 1 of 3: FAIL: crashes.cpp:[0-9]+: .*\nlog of turn 1\n"));
    EXPECT_THAT(told,
                testing::ContainsRegex("---- attempt 2 of 3: FAIL: crashes.cpp:[0-9]+: .*\nlog of turn 2\n"));
    EXPECT_THAT(told, HasSubstr("---- attempt 3 of 3: PASS\nlog of turn 3\n"));
  }
}

TEST(retries, have_a_folder_for_each_bad_attempt) {
  const counted_run run("by_three_turns", "3");
  const std::string folder = folder_of_flaky();
  EXPECT_THAT(run.file(folder + "/attempt-1/output.txt"), HasSubstr("log of turn 1\n"));
  EXPECT_THAT(run.file(folder + "/attempt-2/output.txt"), HasSubstr("log of turn 2\n"));
  EXPECT_EQ(run.file(folder + "/attempt-3/output.txt"), "");
  EXPECT_THAT(run.file("all.html"), HasSubstr("<a href=\"" + folder + "/output.txt\">files</a>"));
}

TEST(retries, are_told_apart_in_a_report_for_programs) {
  const std::string xml = counted_run("by_three_turns", "3").file("all.xml");
  for (const char* const turn : {"1", "2"})
    EXPECT_THAT(xml, testing::ContainsRegex(
                         "<flakyFailure type=\"FAIL\" message=\"crashes.cpp:[0-9]+: [^\"]*turn " +
                         std::string(turn) + " fails[^\"]*\"><system-out>log of turn " + turn + "\n"));
  EXPECT_THAT(xml, HasSubstr("\n      <system-out>log of turn 3\n"));
  EXPECT_THAT(xml, HasSubstr("failures=\"0\" errors=\"0\""));
}

// The last of them is what the test came to.
TEST(retries, that_do_not_help_keep_all_attempts_as_well) {
  const counted_run run("by_three_turns", "1");
  EXPECT_EQ(run.code(), 1);
  EXPECT_EQ(run.verdict(), "FAIL");
  EXPECT_THAT(run.file("all.xml"),
              testing::ContainsRegex("<failure type=\"FAIL\" message=\"[^\"]*turn 2 fails"));
  for (const std::string& told : {run.text(), run.file("all.html"), run.file("all.xml")}) {
    EXPECT_THAT(told, HasSubstr("log of turn 1\n"));
    EXPECT_THAT(told, HasSubstr("---- attempt 2 of 2: FAIL: "));
  }
}

// What is kept of a test that was not repeated stands in its folder itself.
TEST(retries, that_are_not_needed_make_no_folders) {
  const counted_run run("fails_and_leaves_by_turns", "2");
  const std::string folder = "kept/trial.fails_and_leaves_by_turns-" + only_cell();
  EXPECT_THAT(run.file(folder + "/output.txt"), HasSubstr("the first turn fails"));
  EXPECT_EQ(run.file(folder + "/attempt-1/output.txt"), "");
  EXPECT_THAT(run.text(), testing::Not(HasSubstr("attempt")));
}

}  // namespace retries_test
