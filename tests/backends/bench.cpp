// How long a spawn takes until the child's first byte, against the bare system calls. Prints a table.
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "fork_spawn.hpp"
#include "tractor/async/async.hpp"
#include "trio_like.hpp"

using namespace tractor;

namespace {

constexpr int report_fd = 200;
int pipe_ends[2];

int child_main() {
  const bool told = ::write(report_fd, "x", 1) == 1;
  return told ? 0 : 1;
}

void await_byte() {
  char byte = 0;
  if (::read(pipe_ends[0], &byte, 1) != 1) std::abort();
}

using timing = std::chrono::duration<double, std::milli>;
using steady = std::chrono::steady_clock;

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size()) / 2, times.end());
  return times[times.size() / 2];
}

double raw_exec() {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], report_fd);
  char title[] = "_subactor[raw]";
  char* argv[] = {title, nullptr};
  pid_t pid = 0;
  const auto start = steady::now();
  if (::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv, environ) != 0) std::abort();
  await_byte();
  const double time = timing(steady::now() - start).count();
  ::waitpid(pid, nullptr, 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return time;
}

double raw_clone() {
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto start = steady::now();
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) {
    ::dup2(pipe_ends[1], report_fd);
    ::_exit(child_main());
  }
  await_byte();
  const double time = timing(steady::now() - start).count();
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  ::close(pidfd);
  return time;
}

task<double> by_backend(spawn_backend& backend) {
  spawn_request request;
  request.title = "_subactor[bench@00000000]";
  request.fds.emplace_back(pipe_ends[1], report_fd);
  const auto start = steady::now();
  auto child = co_await backend.spawn(request);
  await_byte();
  const double time = timing(steady::now() - start).count();
  co_await child->wait();
  co_return time;
}

task<double> thirty_two(spawn_backend& backend) {
  std::vector<spawn_request> requests(32);
  for (spawn_request& request : requests) {
    request.title = "_subactor[bench@00000000]";
    request.fds.emplace_back(pipe_ends[1], report_fd);
  }
  const auto start = steady::now();
  auto children = co_await backend.spawn_batch(requests);
  for (std::size_t i = 0; i < children.size(); ++i) await_byte();
  const double time = timing(steady::now() - start).count();
  for (auto& child : children) co_await child->wait();
  co_return time;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 0 && std::strncmp(argv[0], "_subactor[", 10) == 0) return child_main();
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return 1;
  trio_like exec;
  fork_spawn fork;
  boot_info boot;
  boot.argc = argc;
  boot.argv = argv;
  boot.child_main = child_main;
  fork.prepare(boot);
  std::vector<double> times[6];
  run_loop([&]() -> task<> {
    for (int round = 0; round < 200; ++round) {  // in turn, so that a change of load hits all alike
      times[0].push_back(raw_exec());
      times[1].push_back(co_await by_backend(exec));
      times[2].push_back(raw_clone());
      times[3].push_back(co_await by_backend(fork));
    }
    for (int round = 0; round < 10; ++round) {
      times[4].push_back(co_await thirty_two(exec));
      times[5].push_back(co_await thirty_two(fork));
    }
  });
  fork.shutdown();
  const double plain_exec = median(times[0]), plain_clone = median(times[2]);
  std::printf("median until the first byte, ms\n");
  std::printf("posix_spawn  %.3f   trio_like   %.3f   ratio %.2f\n", plain_exec, median(times[1]),
              median(times[1]) / plain_exec);
  std::printf("clone3       %.3f   fork_spawn  %.3f   ratio %.2f\n", plain_clone, median(times[3]),
              median(times[3]) / plain_clone);
  std::printf("32 at once: trio_like %.2f, fork_spawn %.2f\n", median(times[4]), median(times[5]));
  return 0;
}
