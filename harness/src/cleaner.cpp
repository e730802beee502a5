#include "cleaner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "run_folder.hpp"

namespace tractor::harness::detail {
namespace {

pid_t cleaner_pid = 0;

// The descriptors of the cleaner.
constexpr int end_at = 3, folder_at = 4;

// Nothing else of the runner's is kept: neither its files nor its terminal.
void let_go_of_all_but(int runner, int pipe) noexcept {
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1}) ::signal(number, SIG_IGN);
  // By way of numbers above both, so that none is put in the place of the other.
  const int high = std::max({runner, pipe, folder_at}) + 1;
  ::dup2(::fcntl(runner, F_DUPFD, high), end_at);
  ::dup2(::fcntl(pipe, F_DUPFD, high), folder_at);
  ::close_range(folder_at + 1, ~0U, 0);
  const int null = ::open("/dev/null", O_RDWR);
  for (int stream = 0; stream <= 2 && null >= 0; ++stream) ::dup2(null, stream);
  if (null > folder_at) ::close(null);
  ::prctl(PR_SET_NAME, "tractor-cleaner");
}

[[noreturn]] void clean_up_after(int runner, int pipe) {
  let_go_of_all_but(runner, pipe);
  pollfd end{end_at, POLLIN, 0};
  while (::poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
  char folder[256] = {};
  const bool has_one = ::read(folder_at, folder, sizeof folder - 1) > 0;
  // Its workers and their sandboxes die with it, but not at the same instant.
  for (int left = 50; left > 0; --left) {
    const bool done = clean_up_after_dead_runs();
    if (has_one ? ::access(folder, F_OK) != 0 : done) break;
    ::usleep(100'000);
  }
  ::_exit(0);
}

}  // namespace

cleaner::cleaner() {
  const owned_fd runner(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  int ends[2];
  if (!runner || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  const owned_fd from_runner(ends[0]);
  to_cleaner_.reset(ends[1]);
  const pid_t made = ::fork();
  if (made == 0) clean_up_after(runner.get(), from_runner.get());
  cleaner_pid = made > 0 ? made : 0;  // without one, the next run cleans up
}

void cleaner::take_care_of(const std::string& folder) noexcept {
  if (::write(to_cleaner_.get(), folder.c_str(), folder.size()) < 0) return;
}

cleaner::~cleaner() {
  if (cleaner_pid == 0) return;
  ::kill(cleaner_pid, SIGKILL);
  while (::waitpid(cleaner_pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  cleaner_pid = 0;
}

pid_t cleaner::pid() noexcept { return cleaner_pid; }

}  // namespace tractor::harness::detail
