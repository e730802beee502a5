// Dump files of the dead, and what is none of ours.
#include "tractor/runtime/dump_leftovers.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "../plugin/environment.hpp"
#include "../plugin/temporary_folder.hpp"
#include "tractor/plugin/runtime_folder.hpp"

namespace dump_leftovers_test {

using namespace tractor;
using plugin::test::environment;
using plugin::test::temporary_folder;
namespace fs = std::filesystem;

namespace {

int dead_process() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

class dump_leftovers : public ::testing::Test {
 protected:
  dump_leftovers() { fs::create_directory(runtime_folder()); }

  temporary_folder base_;
  environment place_{"XDG_RUNTIME_DIR", base_.path().c_str()};
};

}  // namespace

TEST_F(dump_leftovers, are_the_files_of_dead_processes_and_can_be_removed) {
  const int dead = dead_process();
  for (const int pid : {dead, ::getpid()})
    base_.write(dump_path(pid).substr(base_.path().size() + 1), "text");
  const leftovers found = find_dead_dumps();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "dump");
  EXPECT_EQ(found[0].name, dump_path(dead));
  EXPECT_EQ(found[0].pid, dead);
  EXPECT_EQ(remove_dumps(found).removed.size(), 1u);
  EXPECT_FALSE(fs::exists(dump_path(dead)));
  EXPECT_TRUE(fs::exists(dump_path(::getpid())));
}

TEST_F(dump_leftovers, of_a_process_that_lives_after_all_are_left_alone) {
  base_.write(dump_path(::getpid()).substr(base_.path().size() + 1), "text");
  const reap_report report = remove_dumps({leftover("dump", dump_path(::getpid()), ::getpid())});
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_EQ(report.failed[0].detail, "its process lives");
  EXPECT_TRUE(fs::exists(dump_path(::getpid())));
}

TEST_F(dump_leftovers, are_no_files_of_other_names_and_no_links) {
  const std::string dead = std::to_string(dead_process());
  for (const std::string name :
       {"tractor-stackscope-.log", "tractor-stackscope-x.log", "tractor-stackscope-0.log"})
    base_.write("tractor/" + name, "text");
  base_.write("tractor/tractor-stackscope-" + dead + ".log.old", "text");
  fs::create_symlink(base_.write("other", "text"), dump_path(std::stoi(dead)));
  EXPECT_TRUE(find_dead_dumps().empty());
}

}  // namespace dump_leftovers_test
