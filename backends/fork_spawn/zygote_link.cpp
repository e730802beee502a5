#include "zygote_link.hpp"

#include <poll.h>
#include <sys/single_threaded.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <system_error>

#include "newborn.hpp"
#include "tractor/plugin/proctitle.hpp"
#include "zygote.hpp"

namespace tractor::fork_spawn_detail {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), "fork_spawn: " + what);
}

/// `_zygote[name@uuid]` below `_subactor[name@uuid]`, else `_zygote[pid]`.
std::string title_for(const boot_info& boot) {
  std::string actor = detail::process_title();
  if (actor.empty() && boot.argv && boot.argc > 0 && boot.argv[0]) actor = boot.argv[0];
  const std::string prefix = "_subactor[";
  if (actor.rfind(prefix, 0) != 0) return "_zygote[" + std::to_string(::getpid()) + "]";
  return "_zygote[" + actor.substr(prefix.size());
}

// libstdc++ binds its calls to others when they are first made: bound here, they are bound in each copy. The
// search costs a child more than the call.
void bind_late_symbols() {
  static_cast<void>(std::chrono::steady_clock::now());
  struct with_destructor {
    ~with_destructor() {}
  };
  static thread_local const with_destructor registers_its_end;
  static_cast<void>(&registers_its_end);
  try {
    std::rethrow_exception(std::make_exception_ptr(0));
  } catch (int) {
    const std::exception_ptr again = std::current_exception();
  }
}

// A copy of a zygote that is its actor's only thread has nothing that a fork handler would have to put right.
int fork_zygote(int& pidfd) {
  if (is_copy() && __libc_single_threaded) return copy_process(0, pidfd);
  return ::fork();
}

}  // namespace

void zygote_link::forget_if_copied() noexcept {
  if (owner_ == 0 || owner_ == ::getpid()) return;
  // The numbers meant something in the process that this one was copied from.
  socket_.release();
  pidfd_.release();
  owner_ = pid_ = 0;
  reaped_ = false;
  death_.clear();
}

void zygote_link::start(const boot_info& boot) {
  forget_if_copied();
  if (owner_ != 0) return;
  if (!boot.child_main) fail(EINVAL, "prepare was given no child_main");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    fail(errno, "no socket for a zygote");
  // Kept apart until after the fork: a child of the zygote must not find the number of a socket that is not
  // its own.
  owned_fd ours(ends[0]), theirs(ends[1]);
  const std::string title = title_for(boot);
  if (!is_copy()) bind_late_symbols();
  // What is buffered now would else be printed once more by each child.
  std::cout.flush();
  std::fflush(nullptr);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int actor = ::getpid();
  int pidfd = -1;
  const int pid = fork_zygote(pidfd);
  if (pid == 0) {
    detail::capture_argv(boot.argc, boot.argv);
    run_zygote(theirs.release(), actor, title, boot.child_main);
  }
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid > 0 && pidfd < 0) pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int why = pid < 0 ? error : errno;
    ours.reset();
    theirs.reset();
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    fail(why, "cannot fork the zygote");
  }
  socket_.reset(ours.release());
  pidfd_.reset(pidfd);
  owner_ = actor;
  pid_ = pid;
  session_ = ::getsid(0);
  user_ = ::geteuid();
  group_ = ::getegid();
}

// Children get what the zygote has; of these three it cannot follow its actor.
void zygote_link::check_same_process_state() const {
  if (::getsid(0) != session_)
    fail(EPERM, "this actor changed its session after prepare; do that before tractor::run");
  if (::geteuid() != user_ || ::getegid() != group_)
    fail(EPERM, "this actor changed its user or group after prepare; do that before tractor::run");
}

int zygote_link::socket() {
  forget_if_copied();
  if (owner_ == 0)
    fail(ENOTCONN, "not prepared in this process: name the backend in the options, or call prepare first");
  if (!death_.empty()) throw std::system_error(ESRCH, std::generic_category(), death_);
  check_same_process_state();
  return socket_.get();
}

bool zygote_link::reap(int timeout_ms) noexcept {
  if (reaped_) return true;
  pollfd poll_for{pidfd_.get(), POLLIN, 0};
  while (::poll(&poll_for, 1, timeout_ms) < 0 && errno == EINTR) {
  }
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | __WALL);
  if (result == 0 && info.si_pid == 0) return false;
  reaped_ = true;
  const std::string name = "fork_spawn: the zygote of this actor (pid " + std::to_string(pid_) + ") ";
  const exit_status status = info.si_code == CLD_EXITED ? exit_status::exited(info.si_status)
                                                        : exit_status::signalled(info.si_status);
  death_ = name + (result == 0 ? status.text() : "is gone") + "; this actor can start no more children";
  return true;
}

std::string zygote_link::death() {
  // Its socket closes a little before it can be waited for.
  reap(1000);
  return death_;
}

void zygote_link::kill() noexcept {
  if (owner_ == ::getpid() && !reaped_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

int zygote_link::pid() const noexcept { return owner_ == ::getpid() && !reaped_ ? pid_ : 0; }

void zygote_link::stop() noexcept {
  forget_if_copied();
  if (owner_ == 0) return;
  // Not only closed: a descriptor that a host program's own fork copied would keep it open.
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  if (!reap(500)) {
    kill();
    reap(1000);
  }
  pidfd_.reset();
  owner_ = pid_ = 0;
  reaped_ = false;
  death_.clear();
}

}  // namespace tractor::fork_spawn_detail
