// Tests that leave more, or other things, than those of faults.cpp.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace leaves {

void leave_process() {
  if (::fork() != 0) return;
  ::setsid();
  ::execlp("sleep", "sleep", "60", nullptr);
  ::_exit(127);
}

TEST(leaves, one_process) { leave_process(); }

TEST(leaves, many_processes) {
  for (int i = 0; i < 40; ++i) leave_process();
}

TEST(leaves, link_to_a_folder) {
  const char* const target = std::getenv("PROBE_TARGET");
  std::filesystem::create_directory_symlink(target ? target : "/", testing::TempDir() + "left");
}

}  // namespace leaves
