#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <system_error>
#include <tractor/harness/process.hpp>

namespace process_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

command shell(const std::string& script) { return command("sh").arg("-c", script); }

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST(subprocess, keeps_both_streams_and_the_exit_code) {
  subprocess child(shell("echo out; echo err >&2; exit 3"));
  const auto status = child.wait(10s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code(), 3);
  EXPECT_EQ(status->text(), "exit code 3");
  EXPECT_EQ(child.out(), "out\n");
  EXPECT_EQ(child.err(), "err\n");
}

TEST(subprocess, takes_more_output_than_a_pipe_holds) {
  subprocess child(shell("head -c 1000000 /dev/zero | tr '\\0' x"));
  ASSERT_TRUE(child.wait(20s));
  EXPECT_EQ(child.out().size(), 1'000'000u);
}

TEST(subprocess, keeps_the_beginning_and_the_end_of_too_much_output) {
  subprocess child(command("sh")
                       .arg("-c", "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last")
                       .keep_output(1000));
  ASSERT_TRUE(child.wait(20s));
  const std::string out = child.out();
  EXPECT_LT(out.size(), 1100u);
  EXPECT_EQ(out.substr(0, 8), "first\nxx");
  EXPECT_THAT(out, HasSubstr("x\n[... what came here was too much to be kept ...]\nx"));
  EXPECT_EQ(out.substr(out.size() - 7), "x\nlast\n");
}

TEST(subprocess, has_the_environment_and_the_folder_it_was_given) {
  subprocess child(shell("echo $COLOUR; pwd").env("COLOUR", "green").working_directory("/"));
  ASSERT_TRUE(child.wait(10s));
  EXPECT_EQ(child.out(), "green\n/\n");
}

TEST(subprocess, wait_ends_at_its_bound) {
  subprocess child(command("sleep").arg("60"));
  const auto started = std::chrono::steady_clock::now();
  EXPECT_FALSE(child.wait(50ms));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
}

TEST(subprocess, waits_for_a_word_of_its_output) {
  subprocess child(shell("echo ready; exec sleep 60"));
  EXPECT_TRUE(child.wait_for_output("ready", 10s));
  EXPECT_FALSE(child.wait_for_output("never", 50ms));
  child.signal(SIGTERM);
  const auto status = child.wait(10s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal(), SIGTERM);
  EXPECT_THAT(status->text(), HasSubstr("signal 15"));
}

TEST(subprocess, does_not_wait_for_an_orphan_that_holds_its_pipes) {
  subprocess child(shell("sleep 60 & echo $!"));
  ASSERT_TRUE(child.wait(10s));
  EXPECT_FALSE(child.out().empty());
}

TEST(subprocess, destructor_ends_the_whole_tree_also_across_groups) {
  pid_t in_group = 0, in_session = 0;
  {
    subprocess child(shell("sleep 60 & echo $!; setsid sleep 61 & echo $!; echo ready; wait"));
    ASSERT_TRUE(child.wait_for_output("ready", 10s));
    ASSERT_EQ(std::sscanf(child.out().c_str(), "%d %d", &in_group, &in_session), 2);
    EXPECT_TRUE(exists(in_group));
    EXPECT_TRUE(exists(in_session));
  }
  EXPECT_FALSE(exists(in_group));
  EXPECT_FALSE(exists(in_session));
}

TEST(subprocess, that_cannot_start_is_an_error_with_its_name) {
  try {
    subprocess child(command("/no/such/program"));
    FAIL() << "it started";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot start /no/such/program"));
  }
}

}  // namespace process_test
