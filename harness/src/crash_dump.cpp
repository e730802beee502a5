#include "crash_dump.hpp"

#include <execinfo.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "hard_guard.hpp"
#include "say.hpp"

// All that runs in the handler is async-signal-safe: the process may be broken in any way.
namespace tractor::harness::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// Loading the symbols of a large program takes a second or two, of a sanitized one on a busy machine more.
constexpr int seconds_for_gdb = 30;

std::string pid_text;
pid_t owner = 0;

// Its exit code is 1 where it cannot look into this process: then there is no thread.
[[noreturn]] void become_gdb() {
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  const char* const words[] = {"gdb",  "-batch",
                               "-nx",  "-q",
                               "-p",   pid_text.c_str(),
                               "-ex",  "thread apply all -q backtrace 40",
                               "-ex",  "quit $_thread == 0",
                               nullptr};
  // What the test has put into the environment is not gdb's business.
  const char* const variables[] = {"HOME=/", "TERM=dumb", "DEBUGINFOD_URLS=", nullptr};
  // Unlike execve it is not promised to be safe here, but glibc's does no more than look for the file.
  ::execvpe("gdb", const_cast<char* const*>(words), const_cast<char* const*>(variables));
  ::_exit(127);
}

bool show_by_gdb() {
  const pid_t child = ::fork();
  if (child == 0) become_gdb();
  if (child < 0) return false;
  // Where a process may be traced by its parents only.
  ::prctl(PR_SET_PTRACER, child);
  int status = 0;
  for (int tenths = 0; tenths < seconds_for_gdb * 10; ++tenths) {
    if (::waitpid(child, &status, WNOHANG) != 0) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const timespec tenth{0, 100'000'000};
    ::nanosleep(&tenth, nullptr);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return false;
}

// It is a crash that takes its time to be told, and no test that blocks its thread.
void keep_hard_guard_out() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, hard_guard_signal());
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void on_crash(int number) {
  // The next one ends the process, also if it comes while this runs.
  ::signal(number, SIG_DFL);
  if (::getpid() == owner) {
    keep_hard_guard_out();
    say("CRASH: signal ");
    const char* const name = ::sigabbrev_np(number);
    say(name ? name : "?");
    say(" ends this process. It stands here:\n");
    if (!show_by_gdb()) {
      void* frames[64];
      ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), STDERR_FILENO);
    }
  }
  ::raise(number);
}

}  // namespace

void install_crash_dump() {
  if (sanitized) return;
  owner = ::getpid();
  pid_text = std::to_string(owner);
  // The first call loads a library, which a signal handler must not.
  void* frame[1];
  ::backtrace(frame, 1);
  // An overflown stack has no room for a handler.
  static std::array<char, 64 * 1024> room;
  const stack_t other{.ss_sp = room.data(), .ss_flags = 0, .ss_size = room.size()};
  ::sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = &on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(number, &action, nullptr);
}

}  // namespace tractor::harness::detail
