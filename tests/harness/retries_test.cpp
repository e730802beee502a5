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

}  // namespace retries_test
