// Tests that end their process, or try its patience: for a runner that has a process for each.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tractor/async/timeouts.hpp>
#include <tractor/harness/harness.hpp>

namespace crashes {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

task<> forever() { co_await sleep_forever(); }

TRACTOR_CELL_TEST(crash, segfault) { ::raise(SIGSEGV); }

TRACTOR_CELL_TEST(crash, abort) { std::abort(); }

TRACTOR_CELL_TEST(crash, exit_0_in_the_middle) { ::_exit(0); }

TRACTOR_TEST(crash, with_a_tree) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", expose<&forever>());
    std::abort();
  });
}

TRACTOR_CELL_TEST(trial, closed_stdout) {
  ::close(STDOUT_FILENO);
  ADD_FAILURE() << "nobody reads this";
}

TRACTOR_CELL_TEST(trial, much_output) {
  const std::string line(1023, 'x');
  for (int i = 0; i < 100 * 1024; ++i) std::puts(line.c_str());
}

TRACTOR_CELL_TEST(trial, speaks) {
  std::puts("told its stdout");
  std::fputs("told its stderr\n", stderr);
  ADD_FAILURE();
}

TRACTOR_CELL_TEST(trial, quotes) { EXPECT_EQ(std::string("LEAK: of words"), "TIMEOUT: of words"); }

// Fails at its first run only.
TRACTOR_CELL_TEST(trial, by_turns) {
  const char* const file = std::getenv("PROBE_TURN");
  if (!file) GTEST_SKIP() << "no PROBE_TURN";
  const bool again = std::ifstream(file).good();
  std::ofstream(file) << "seen";
  EXPECT_TRUE(again) << "the first turn fails";
}

TRACTOR_CELL_TEST(trial, waits) {
  // A name by which others know that it has begun.
  ::prctl(PR_SET_NAME, "waits");
  ::sleep(60);
}

// Of a sandbox: few processes, nothing but a loopback, nobody's shared memory.
TEST(sandboxed, has_a_world_of_its_own) {
  std::size_t processes = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    processes += std::isdigit(static_cast<unsigned char>(entry.path().filename().string()[0])) != 0;
  EXPECT_LE(processes, 3u);
  std::ifstream in("/proc/net/dev");
  std::size_t interfaces = 0;
  for (std::string line; std::getline(in, line);) interfaces += line.find(':') != line.npos;
  EXPECT_EQ(interfaces, 1u);
  EXPECT_TRUE(std::filesystem::is_empty("/dev/shm"));
}

}  // namespace crashes
