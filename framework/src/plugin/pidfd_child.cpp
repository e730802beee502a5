// Waiting is an asio wait on the pidfd and then waitid(P_PIDFD). boost::process::v2::process could adopt the
// pair too, but each of its waits reaps for itself: of two tasks that wait for one child the second one gets
// ECHILD. It would also bring Boost.Filesystem and 1.6 s of compile time for one system call.
#include "tractor/plugin/pidfd_child.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

#include "tractor/async/checkpoint.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor {
namespace {

int open_pidfd(int pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

class pidfd_child final : public child_process {
 public:
  pidfd_child(int pid, int pidfd) noexcept : pid_(pid), pidfd_(pidfd) {}

  int pid() const noexcept override { return pid_; }
  task<exit_status> wait() override;
  void signal(int signo) noexcept override {
    if (!status_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signo, nullptr, 0);
  }

 private:
  // Ties the pidfd to the loop while somebody waits, and no longer: the handle may outlive its loop.
  class watch {
   public:
    explicit watch(pidfd_child& child) : child_(child) {
      if (!child_.watched_) child_.watched_.emplace(this_context(), child_.pidfd_.get());
      ++child_.watchers_;
    }
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() {
      if (--child_.watchers_ > 0) return;
      child_.watched_->release();
      child_.watched_.reset();
    }

   private:
    pidfd_child& child_;
  };

  bool reap();

  int pid_;
  owned_fd pidfd_;
  std::optional<exit_status> status_;
  std::optional<asio::posix::stream_descriptor> watched_;
  int watchers_ = 0;
};

bool pidfd_child::reap() {
  if (status_) return true;
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | __WALL);
  } while (result != 0 && errno == EINTR);
  if (result != 0)
    throw std::system_error(errno, std::generic_category(),
                            "child " + std::to_string(pid_) +
                                ": its exit status is lost, other code of this program reaped it (a wait for "
                                "any child, or an ignored SIGCHLD)");
  if (info.si_pid == 0) return false;
  status_ = info.si_code == CLD_EXITED ? exit_status::exited(info.si_status)
                                       : exit_status::signalled(info.si_status);
  return true;
}

task<exit_status> pidfd_child::wait() {
  co_await checkpoint();
  while (!reap()) {
    watch here(*this);
    co_await watched_->async_wait(asio::posix::descriptor_base::wait_read, use_task);
  }
  co_return *status_;
}

}  // namespace

std::unique_ptr<child_process> adopt_child(int pid, int pidfd) {
  if (pidfd < 0) pidfd = open_pidfd(pid);
  if (pidfd < 0) {
    const int error = errno;
    ::kill(pid, SIGKILL);  // by number: it is our own and not reaped, so the number is still its
    while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    throw std::system_error(
        error, std::generic_category(),
        "cannot open a pidfd of the new child " + std::to_string(pid) + ", which was ended for that");
  }
  return std::make_unique<pidfd_child>(pid, pidfd);
}

}  // namespace tractor
