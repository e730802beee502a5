#include "runtime/dump_signal.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "async/write_task_tree.hpp"
#include "log/bounded_write.hpp"
#include "log/tail.hpp"
#include "runtime/actor_runtime.hpp"
#include "runtime/dump_file.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/runtime/dump_request.hpp"

namespace tractor::detail {

namespace {

using namespace std::chrono_literals;

constexpr auto burst = 500ms;     // what comes so soon after a dump is for that one
constexpr auto patience = 250ms;  // a loop that has not answered by then is blocked

char dump_room[512 << 10];  // no memory until it is used

bool is_quiet(const siginfo_t& info) noexcept {
  return info.si_code == SI_QUEUE && info.si_value.sival_int == dump_request::quiet;
}

// As the signal came, with what it carries.
void pass_to_thread(pid_t thread, siginfo_t info) noexcept {
  ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread, SIGUSR1, &info);
}

void pass_to_child(pid_t child, bool quietly) noexcept {
  sigval what{};
  what.sival_int = dump_request::quiet;
  if (!quietly || ::sigqueue(child, SIGUSR1, what) != 0) ::kill(child, SIGUSR1);
}

void change_mask(int how) noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  ::pthread_sigmask(how, &set, nullptr);
}

// All that a handler does here is async-signal-safe: its thread may hold any lock, that of malloc included.
class dump_watch {
 public:
  dump_watch();
  dump_watch(const dump_watch&) = delete;
  dump_watch& operator=(const dump_watch&) = delete;
  ~dump_watch();

  task<> serve();
  void on_signal(const siginfo_t& info) noexcept;

 private:
  using clock = std::chrono::steady_clock;

  bool is_of_last_burst(bool quiet) const noexcept;
  void arm(std::chrono::nanoseconds until_blocked) noexcept;
  void begin(bool quiet) noexcept;
  void dump(std::string_view state) noexcept;

  const actor_runtime& runtime_;
  const std::string head_;
  const pid_t thread_ = ::gettid();
  asio::posix::stream_descriptor asked_for_;
  const int event_;  // of the descriptor: a handler writes to it
  dump_file file_;
  timer_t timer_{};
  struct sigaction before_ {};
  volatile sig_atomic_t asked_ = 0;
  volatile sig_atomic_t dumping_ = 0;
  volatile sig_atomic_t missed_ = 0;  // a signal for a dump that stderr shows, while one for the file is made
  volatile sig_atomic_t quietly_ = 0;  // this dump, or the last one, is for the file alone
  clock::time_point last_ = clock::time_point::min();
};

std::atomic<dump_watch*> watching = nullptr;
int births = 0;

extern "C" void on_dump_signal(int, siginfo_t* info, void*) {
  const int saved = errno;
  if (dump_watch* const watch = watching) watch->on_signal(*info);
  errno = saved;
}

// Adds the end of the log to the dump, if there is any; yields its length.
std::size_t add_log(std::size_t at) noexcept {
  constexpr std::string_view head = dump_request::log_head;
  if (sizeof dump_room - at <= head.size()) return 0;
  const std::size_t begin = at + head.size();
  const std::size_t size = log::detail::copy_tail(dump_room + begin, sizeof dump_room - begin);
  return size == 0 ? 0 : head.copy(dump_room + at, head.size()) + size;
}

// One line, whatever the actor is called.
std::string head_for(const actor_id& actor) {
  std::string name = actor.short_form();
  std::ranges::replace_if(
      name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return "task tree of actor '" + name + "' (pid " + std::to_string(::getpid()) + ", ";
}

dump_watch::dump_watch()
    : runtime_(actor_runtime::current()),
      head_(head_for(runtime_.id())),
      asked_for_(this_context(), ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      event_(asked_for_.native_handle()) {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = thread_;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make the timer of task dumps");
  watching = this;
  struct sigaction action {};
  action.sa_sigaction = &on_dump_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(SIGUSR1, &action, &before_);
  if (births == 0) change_mask(SIG_UNBLOCK);
}

dump_watch::~dump_watch() {
  change_mask(SIG_BLOCK);
  ::timer_delete(timer_);
  // One that user code has put in its place is not ours to remove.
  struct sigaction now {};
  ::sigaction(SIGUSR1, nullptr, &now);
  if (now.sa_sigaction == &on_dump_signal) ::sigaction(SIGUSR1, &before_, nullptr);
  watching = nullptr;
}

void dump_watch::on_signal(const siginfo_t& info) noexcept {
  const bool quiet = is_quiet(info);
  if (::gettid() != thread_) {
    pass_to_thread(thread_, info);
  } else if (info.si_code == SI_TIMER) {
    if (asked_ && !dumping_) dump("its loop is blocked");
  } else if (asked_) {
    if (!quiet) quietly_ = 0;
  } else if (dumping_) {
    // Who has read the file of this one may ask before it is done.
    if (!quiet && quietly_) missed_ = 1;
  } else if (!is_of_last_burst(quiet)) {
    begin(quiet);
  }
}

void dump_watch::begin(bool quiet) noexcept {
  asked_ = 1;
  quietly_ = quiet;
  arm(patience);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
}

// Who looks at stderr has not seen what went to the file alone.
bool dump_watch::is_of_last_burst(bool quiet) const noexcept {
  return last_ != clock::time_point::min() && clock::now() - last_ <= burst && (quiet || !quietly_);
}

void dump_watch::arm(std::chrono::nanoseconds until_blocked) noexcept {
  itimerspec when{};
  when.it_value.tv_nsec = until_blocked.count();
  ::timer_settime(timer_, 0, &when, nullptr);
}

// The parent first: a child hears of it when the text is out.
void dump_watch::dump(std::string_view state) noexcept {
  dumping_ = 1;
  asked_ = 0;
  arm(0ns);
  std::size_t size = 0;
  for (const std::string_view part : {std::string_view(head_), state, std::string_view("):\n")})
    size += part.copy(dump_room + size, sizeof dump_room - size);
  size += write_task_tree(dump_room + size, sizeof dump_room - size);
  const std::size_t tree = size;
  size += add_log(size);
  const bool kept = file_.append(std::string_view(dump_room, size));
  // There the log is read anyway.
  if (!quietly_ || !kept) log::detail::write_bounded(STDERR_FILENO, std::string_view(dump_room, tree));
  for (const int pid : runtime_.child_pids()) pass_to_child(pid, quietly_);
  last_ = clock::now();
  dumping_ = 0;
  if (missed_) {
    missed_ = 0;
    begin(false);
  }
}

task<> dump_watch::serve() {
  for (;;) {
    std::uint64_t count = 0;
    co_await asked_for_.async_read_some(asio::buffer(&count, sizeof count), use_task);
    if (!asked_) continue;
    const std::string state = runtime_.state();
    if (asked_) dump(state);
  }
}

}  // namespace

task<> watch_dump_signal() {
  dump_watch watch;
  co_await watch.serve();
}

dump_signal_blocked::dump_signal_blocked() noexcept {
  if (births++ == 0) change_mask(SIG_BLOCK);
}

dump_signal_blocked::~dump_signal_blocked() {
  if (--births == 0 && watching) change_mask(SIG_UNBLOCK);
}

}  // namespace tractor::detail
