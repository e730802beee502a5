// Several test programs as one run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace with_test {

using namespace tractor::harness;
using test::finished_run;
using test::own_folder;
using testing::ContainsRegex;
using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

const std::string probe = test::program("tractor_harness_probe");

command with(const std::string& other, const std::string& filter) {
  const session& chosen = current_session();
  return command(test::program("tractor_tests"))
      .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
      .arg("--gtest_filter=" + filter, "--with", other);
}

TEST(with, the_tests_of_another_program_are_run_and_reported_beside_ours) {
  const own_folder folder;
  const finished_run run(with(probe, "fault.none/*:fault.fd/*:name_expression.*")
                             .arg("-n", "2", "--html", folder.path + "/all.html")
                             .arg("--junit", folder.path + "/all.xml"));
  EXPECT_EQ(run.code, 1) << run.text;
  EXPECT_EQ(run.verdict_of("fault.none"), "PASS") << run.text;
  EXPECT_EQ(run.verdict_of("fault.fd"), "LEAK") << run.text;
  EXPECT_EQ(run.verdict_of("name_expression."), "PASS") << run.text;
  EXPECT_THAT(run.text, ContainsRegex("replay: .*/tractor_harness_probe .*fault.fd/"));
  EXPECT_THAT(run.text, HasSubstr(" passed, 1 failed, 0 skipped\n"));
  for (const char* const report : {"/all.html", "/all.xml"}) {
    const std::string text = read_file(folder.path + report);
    EXPECT_THAT(text, HasSubstr("tractor_tests with tractor_harness_probe")) << report;
    EXPECT_THAT(text, HasSubstr("name_expression")) << report;
    EXPECT_THAT(text, HasSubstr(" -&gt; /dev/zero")) << report;
  }
}

TEST(with, a_word_narrows_the_tests_of_all_programs) {
  const finished_run run(with(probe, "fault.*:name_expression.*").arg("-k", "none or quick"));
  EXPECT_EQ(run.code, 0) << run.text;
  EXPECT_EQ(run.verdict_of("fault.none"), "PASS") << run.text;
  EXPECT_THAT(run.text, HasSubstr("\n1 passed, 0 failed, 0 skipped\n"));
}

TEST(with, what_failed_last_is_found_again_in_either) {
  const own_folder folder;
  // Its own, so that what is remembered beside it is nobody else's.
  const std::string runner = folder.path + "/tractor_tests";
  std::filesystem::copy_file(test::program("tractor_tests"), runner);
  const auto failing = [&](const char* more) {
    const session& chosen = current_session();
    return finished_run(
        command(runner)
            .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
            .arg("--gtest_filter=fault.none/*:fault.fd/*:name_expression.*", "--with", probe, more));
  };
  EXPECT_THAT(failing("--isolate=process").text, HasSubstr(" 1 failed, 0 skipped\n"));
  EXPECT_THAT(failing("--lf").text, HasSubstr("\n0 passed, 1 failed, 0 skipped\n"));
}

TEST(with, a_program_that_cannot_be_asked_is_one_line) {
  const auto said_of = [](const std::string& other, const std::string& filter) {
    const finished_run run(with(other, filter));
    EXPECT_EQ(run.code, 2) << run.text;
    return run.text.substr(run.text.find("--with: "));
  };
  EXPECT_EQ(said_of("/no/such", "fault.none/*"),
            "--with: the tests of /no/such cannot be listed: No such file or directory\n");
  EXPECT_THAT(said_of("/bin/true", "fault.none/*"),
              HasSubstr("true cannot be listed: it has not the main function of tractor::harness\n"));
  EXPECT_THAT(said_of("/bin/false", "fault.none/*"), HasSubstr("false cannot be listed: exit code 1\n"));
  const std::string own = test::program("tractor_tests");
  EXPECT_THAT(said_of(own, "name_expression.*"),
              HasSubstr("--with: " + own + " and " + own + " both have a test name_expression."));
}

TEST(with, is_for_a_run_with_a_process_for_each_test) {
  const finished_run run(with(probe, "fault.none/*").arg("--isolate", "none"));
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.text, HasSubstr("--with is for a run with a process for each test"));
}

}  // namespace with_test
