#include "raw_process.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace bench {

namespace {

[[noreturn]] void fail(int number, const char* what) {
  throw std::system_error(number, std::generic_category(), what);
}

// What a bare child does: say that it is there, and stay if asked to.
void bare_life(int report, int life) {
  write_byte(report);
  if (life >= 0) read_to_end(life);
}

}  // namespace

pipe_pair::pipe_pair() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno, "pipe2");
  // Beyond the numbers that children are given theirs under.
  read.reset(::fcntl(ends[0], F_DUPFD_CLOEXEC, life_number + 1));
  write.reset(::fcntl(ends[1], F_DUPFD_CLOEXEC, life_number + 1));
  ::close(ends[0]);
  ::close(ends[1]);
  if (!read || !write) fail(errno, "fcntl");
}

int start_again(const std::vector<std::string>& arguments, const std::vector<std::pair<int, int>>& fds) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const auto& [ours, theirs] : fds) ::posix_spawn_file_actions_adddup2(&actions, ours, theirs);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "tractor_bench");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(error, "posix_spawn");
  return pid;
}

int start_copy(void (*main)(int report, int life), int report, int life) {
  clone_args how{};
  int pidfd = -1;
  how.flags = CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &how, sizeof how);
  if (pid < 0) fail(errno, "clone3");
  if (pid == 0) {
    main(report, life);
    ::_exit(0);
  }
  ::close(pidfd);
  return static_cast<int>(pid);
}

int start_raw(bool fork, int report, int life) {
  if (fork) return start_copy(&bare_life, report, life);
  if (life < 0) return start_again({"--raw-byte"}, {{report, report_number}});
  return start_again({"--raw-idle"}, {{report, report_number}, {life, life_number}});
}

void read_bytes(int fd, std::size_t count) {
  std::array<char, 64> into;
  while (count > 0) {
    const ssize_t got = ::read(fd, into.data(), std::min(count, into.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("a child of a benchmark ended before it was there");
    count -= static_cast<std::size_t>(got);
  }
}

void read_to_end(int fd) {
  std::array<char, 64> into;
  for (;;) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return;
  }
}

void write_byte(int fd) {
  if (::write(fd, "x", 1) != 1) return;
}

void reap(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) fail(errno, "waitpid");
  if (status != 0) throw std::runtime_error("a raw child of a benchmark failed");
}

int start_raw_tree(int depth, int report, int life) {
  return start_again({"--raw-tree", std::to_string(depth)}, {{report, report_number}, {life, life_number}});
}

void raw_tree_node(int depth, int report, int life) {
  write_byte(report);
  std::vector<int> children;
  pipe_pair below;
  if (depth > 0)
    for (int i = 0; i < 3; ++i) children.push_back(start_raw_tree(depth - 1, report, below.read.get()));
  read_to_end(life);
  below.write.reset();
  for (const int pid : children) reap(pid);
}

void run_if_raw(int argc, char** argv) {
  if (argc < 2) return;
  const char* mode = argv[1];
  if (std::strcmp(mode, "--raw-byte") == 0)
    bare_life(report_number, -1);
  else if (std::strcmp(mode, "--raw-idle") == 0)
    bare_life(report_number, life_number);
  else if (std::strcmp(mode, "--raw-tree") == 0 && argc == 3)
    raw_tree_node(std::atoi(argv[2]), report_number, life_number);
  else
    return;
  ::_exit(0);
}

}  // namespace bench
