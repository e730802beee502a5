// vfork and not posix_spawn: only between the two can the child ask for the signal that ends it with us. It
// is what posix_spawn does inside, so a large parent costs nothing; the child shares our memory until the
// exec, and does nothing there but system calls.
#include "runtime/exec_child.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace tractor::detail {
namespace {

/// What the child says of a failure, through the memory that both share.
struct exec_report {
  volatile int error = 0;
  const char* volatile step = nullptr;
};

[[noreturn]] void fail(exec_report& report, const char* step) noexcept {
  report.error = errno;
  report.step = step;
  ::_exit(127);
}

[[noreturn]] void become(const exec_plan& plan, int parent, exec_report& report) noexcept {
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  for (int signo = 1; signo <= SIGRTMAX; ++signo) ::sigaction(signo, &by_default, nullptr);
  if (::setsid() < 0) fail(report, "setsid");
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail(report, "prctl");
  if (::getppid() != parent) ::_exit(127);  // it died before the kernel knew of our wish
  if (::fchdir(plan.directory) < 0) fail(report, "change of directory");
  for (int number = 0; number < 3; ++number)
    if (::dup2(plan.stdio[number], number) < 0) fail(report, "dup2");
  ::close_range(3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(plan.argv[0], plan.argv.data(), plan.env.data());
  fail(report, "exec");
}

// Apart, so that nothing of a caller's can live in a register across the return that comes twice.
[[gnu::noinline]] int vfork_and_become(const exec_plan& plan, int parent, exec_report& report) noexcept {
  const int pid = ::vfork();
  if (pid == 0) become(plan, parent, report);
  return pid;
}

}  // namespace

int exec_child(const exec_plan& plan) {
  exec_report report;
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // a handler of ours must not run in the child
  const int pid = vfork_and_become(plan, ::getpid(), report);
  const int error = pid < 0 ? errno : report.error;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) return pid;
  if (pid > 0)
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  throw std::system_error(
      error, std::generic_category(),
      "cannot run '" + std::string(plan.argv[0]) + "': " + (pid < 0 ? "vfork" : report.step));
}

}  // namespace tractor::detail
