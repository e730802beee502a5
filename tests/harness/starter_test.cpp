// What a run has from whoever started it, and what it must not depend on: signals, rights, the number of
// jobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace starter_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using test::finished_run;
using test::own_folder;
using testing::HasSubstr;
using testing::Not;

/// The probe in the first cell, started by `how`, say `env --ignore-signal=CHLD`.
template <class... How> command probe_by(const std::string& filter, const How&... how) {
  const session& chosen = current_session();
  const std::string words[] = {how..., test::program("tractor_harness_probe")};
  command out(words[0]);
  for (std::size_t i = 1; i < std::size(words); ++i) out.arg(words[i]);
  return out.arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
      .arg("--gtest_filter=" + filter);
}

const char* const all_isolations[] = {"sandbox", "process", "none"};

TEST(starter, may_ignore_the_ends_of_its_children) {
  for (const char* const isolation : all_isolations) {
    const finished_run run(
        probe_by("fault.with_a_child/*", "env", "--ignore-signal=CHLD").arg("--isolate", isolation));
    EXPECT_EQ(run.code, 0) << run.text;
    EXPECT_THAT(run.text, Not(HasSubstr("no sandbox")));
  }
}

TEST(starter, may_ignore_what_ends_a_run_and_finds_that_again) {
  for (const char* const isolation : all_isolations) {
    const finished_run run(
        probe_by("fault.with_a_child/*", "env", "--ignore-signal=INT", "--ignore-signal=TERM")
            .arg("--isolate", isolation));
    EXPECT_EQ(run.code, 0) << run.text;
  }
}

TEST(starter, may_block_what_ends_a_run) {
  subprocess run(probe_by("trial.waits/*", "env", "--block-signal").arg("--timeout-scale", "10", "--watch"));
  // What runs is told once the run is one.
  ASSERT_TRUE(run.wait_for_output("trial.waits/", 60s));
  run.signal(SIGINT);
  const auto status = run.wait(60s);
  ASSERT_TRUE(status) << run.out() << run.err();
  EXPECT_EQ(status->code(), 130) << run.out() << run.err();
}

TEST(starter, may_block_every_signal_and_a_blocked_test_is_cut_all_the_same) {
  const finished_run run(probe_by("fault.blocked_without_root/*", "env", "--block-signal")
                             .arg("--isolate", "none", "--timeout-scale", "0.05"));
  EXPECT_EQ(run.code, 3) << run.text;
}

TEST(run_in_one_process, ends_with_the_test_that_is_interrupted) {
  const own_folder folder;
  const std::string program = folder.path + "/probe";
  std::filesystem::copy_file(test::program("tractor_harness_probe"), program);
  const session& chosen = current_session();
  subprocess run(command(program)
                     .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", "tcp", "uds")
                     .arg("--gtest_filter=stuck.waits_with_an_actor/*", "--isolate", "none")
                     .arg("--timeout-scale", "50"));
  ASSERT_TRUE(run.wait_for_output("[ RUN      ] stuck.waits_with_an_actor/", 60s));
  ASSERT_TRUE(run.wait_for_output("nothing comes", 60s)) << run.out() << run.err();
  run.signal(SIGINT);
  const auto status = run.wait(60s);
  ASSERT_TRUE(status) << run.out() << run.err();
  EXPECT_EQ(status->code(), 130) << run.out() << run.err();
  EXPECT_THAT(run.out(), HasSubstr("\ninterrupted by SIGINT\n"));
  EXPECT_THAT(run.out(), Not(HasSubstr("replay: ")));
  EXPECT_FALSE(std::filesystem::exists(program + ".failed"));
}

TEST(head_room, is_measured_with_no_more_probes_than_there_are_tests) {
  const own_folder folder;
  const finished_run run(probe_by("fault.none/*").arg("-n", "100000", "--html", folder.path + "/page.html"));
  EXPECT_EQ(run.code, 0) << run.text;
  std::ostringstream page;
  page << std::ifstream(folder.path + "/page.html").rdbuf();
  EXPECT_THAT(page.str(), HasSubstr(", 1 side by side, "));
}

/// As another user; where this one is not root it is another one already.
command probe_of_a_user(const std::string& filter) {
  if (::geteuid() != 0) return probe_by(filter);
  return probe_by(filter, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
}

bool is_open_to_all(std::filesystem::path path) {
  for (; path.has_relative_path(); path = path.parent_path())
    if ((std::filesystem::status(path).permissions() & std::filesystem::perms::others_exec) ==
        std::filesystem::perms::none)
      return false;
  return true;
}

class user_without_rights : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() == 0 && !is_open_to_all(test::program("tractor_harness_probe")))
      GTEST_SKIP() << "the folder of the build is closed to other users";
  }
};

TEST_F(user_without_rights, has_no_more_of_them_in_a_sandbox) {
  for (const char* const isolation : all_isolations) {
    const finished_run run(
        probe_of_a_user("sandboxed.opens_no_file_that_is_closed_to_it").arg("--isolate", isolation));
    EXPECT_EQ(run.code, 0) << run.text;
    EXPECT_EQ(run.text.find("/dev/shm is shared") == run.text.npos, isolation == all_isolations[0])
        << run.text;
  }
}

TEST_F(user_without_rights, sees_where_its_test_stood_when_it_crashed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has a report of its own";
#endif
  const finished_run run(probe_of_a_user("crash.abort/*"));
  EXPECT_EQ(run.verdict_of("crash.abort/"), "CRASH");
  EXPECT_THAT(run.text, HasSubstr("crashes.cpp:")) << "gdb has no line of the test";
}

}  // namespace starter_test
