// Tests that end their process, or try its patience: for a runner that has a process for each.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
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

// The number of this run of a test, from 1 on; 0 where nobody counts.
int turn() {
  const char* const file = std::getenv("PROBE_TURN");
  if (!file) return 0;
  int before = 0;
  std::ifstream(file) >> before;
  std::ofstream(file) << before + 1;
  return before + 1;
}

/// One of the session that fails at its end, in the first run.
class fails_by_turns_at_the_end {
 public:
  static fails_by_turns_at_the_end provide(session_context&) { return fails_by_turns_at_the_end(); }
  fails_by_turns_at_the_end(const fails_by_turns_at_the_end&) = delete;
  fails_by_turns_at_the_end& operator=(const fails_by_turns_at_the_end&) = delete;
  ~fails_by_turns_at_the_end() {
    if (turn() == 1) ADD_FAILURE() << "the first turn fails";
  }

 private:
  fails_by_turns_at_the_end() = default;
};

/// One that besides leaves a process, when nobody in the worker looks any more.
class leaves_a_process_at_the_end {
 public:
  static leaves_a_process_at_the_end provide(session_context&) { return leaves_a_process_at_the_end(); }
  leaves_a_process_at_the_end(const leaves_a_process_at_the_end&) = delete;
  leaves_a_process_at_the_end& operator=(const leaves_a_process_at_the_end&) = delete;
  ~leaves_a_process_at_the_end() {
    if (turn() != 1) return;
    ADD_FAILURE() << "the first turn fails";
    if (::fork() != 0) return;
    ::setsid();
    ::execlp("sleep", "sleep", "60", nullptr);
    ::_exit(127);
  }

 private:
  leaves_a_process_at_the_end() = default;
};

// Fails at its first run only.
TRACTOR_CELL_TEST(trial, by_turns) {
  const int now = turn();
  if (now == 0) GTEST_SKIP() << "no PROBE_TURN";
  EXPECT_GT(now, 1) << "the first turn fails";
}

// Fails at its first two runs.
TRACTOR_CELL_TEST(trial, by_three_turns) {
  const int now = turn();
  std::printf("log of turn %d\n", now);
  EXPECT_EQ(now, 3) << "turn " << now << " fails";
}

// Fail and leave something, at their first run only.
TRACTOR_CELL_TEST(trial, fails_and_leaves_by_turns) {
  if (turn() != 1) return;
  EXPECT_GE(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0);
  ADD_FAILURE() << "the first turn fails";
}

TRACTOR_TEST(trial, is_late_and_leaves_by_turns, (), timeout(300ms)) {
  if (turn() != 1) co_return;
  std::thread([] { ::pause(); }).detach();
  co_await sleep_forever();
}

TRACTOR_CELL_TEST(trial, fails_at_the_end_and_leaves_by_turns, (fails_by_turns_at_the_end&)) {
  EXPECT_GE(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0);
}

TRACTOR_CELL_TEST(trial, leaves_a_process_at_the_end_by_turns, (leaves_a_process_at_the_end&)) {}

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

// A user who is not root has no more rights there than elsewhere.
TEST(sandboxed, opens_no_file_that_is_closed_to_it) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "closed";
  std::ofstream(file) << "closed";
  std::filesystem::permissions(file, std::filesystem::perms::none);
  EXPECT_FALSE(std::ifstream(file).is_open());
  std::filesystem::remove(file);
}

}  // namespace crashes
