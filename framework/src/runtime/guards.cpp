#include "runtime/guards.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/boot_record.hpp"
#include "runtime/child_actor.hpp"
#include "runtime/own_children.hpp"
#include "runtime/shm_owner.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/shm_leftovers.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {

// A handled signal, not SIGKILL: that would pre-empt the orderly end which the closed connection starts. This
// one, since it is the only one that reaches a stopped process; it comes for other reasons, too.
constexpr int parent_death_signal = SIGCONT;
timer_t last_resort;
int guarded_parent = 0;

extern "C" void on_parent_death(int) {
  if (::getppid() == guarded_parent) return;
  itimerspec in_one_second{};
  in_one_second.it_value.tv_sec = 1;
  ::timer_settime(last_resort, 0, &in_one_second, nullptr);
}

sigset_t set_of(std::initializer_list<int> signals) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signo : signals) ::sigaddset(&set, signo);
  return set;
}

// Then the kernel reaps the children of this process, and nobody learns how they ended.
bool loses_exit_status(const struct sigaction& of_children) noexcept {
  return of_children.sa_handler == SIG_IGN || (of_children.sa_flags & SA_NOCLDWAIT) != 0;
}

struct sigaction keeping_exit_status(struct sigaction of_children) noexcept {
  of_children.sa_flags &= ~SA_NOCLDWAIT;
  if (of_children.sa_handler == SIG_IGN) of_children.sa_handler = SIG_DFL;
  return of_children;
}

std::string comm_of(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/comm");
  std::string comm;
  std::getline(in, comm);
  return comm;
}

}  // namespace

signals_before guard_signals() {
  signals_before before;
  const sigset_t set = set_of({SIGUSR1});
  ::pthread_sigmask(SIG_BLOCK, &set, &before.mask);
  ::signal(SIGPIPE, SIG_IGN);
  ::sigaction(SIGCHLD, nullptr, &before.of_children);
  const struct sigaction kept = keeping_exit_status(before.of_children);
  if (loses_exit_status(before.of_children)) ::sigaction(SIGCHLD, &kept, nullptr);
  return before;
}

void unguard_signals(const signals_before& before) {
  const sigset_t set = set_of({SIGUSR1});
  const timespec at_once{};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  // A handler that user code has put in its place is not ours to remove.
  struct sigaction now {};
  ::sigaction(SIGCHLD, nullptr, &now);
  if (loses_exit_status(before.of_children) &&
      now.sa_handler == keeping_exit_status(before.of_children).sa_handler)
    ::sigaction(SIGCHLD, &before.of_children, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before.mask, nullptr);
}

void outlive_dump_signals() {
  struct sigaction now {};
  if (::sigaction(SIGUSR1, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::signal(SIGUSR1, SIG_IGN);
}

std::vector<int> interrupting_signals() {
  std::vector<int> out{SIGINT, SIGTERM};
  struct sigaction now {};
  if (::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) out.push_back(SIGHUP);
  return out;
}

interrupts_let_in::interrupts_let_in() noexcept {
  const sigset_t set = set_of({SIGINT, SIGTERM, SIGHUP});
  sigset_t before;
  ::pthread_sigmask(SIG_UNBLOCK, &set, &before);
  ::sigandset(&blocked_before_, &before, &set);
}

interrupts_let_in::~interrupts_let_in() { ::pthread_sigmask(SIG_BLOCK, &blocked_before_, nullptr); }

void guard_against_orphaning(int parent_pid) {
  guarded_parent = parent_pid;
  sigevent kill_me{};
  kill_me.sigev_notify = SIGEV_SIGNAL;
  kill_me.sigev_signo = SIGKILL;
  if (::timer_create(CLOCK_MONOTONIC, &kill_me, &last_resort) == 0) {
    struct sigaction action {};
    action.sa_handler = &on_parent_death;
    action.sa_flags = SA_RESTART;
    ::sigaction(parent_death_signal, &action, nullptr);
    // Whoever started the root may have blocked it.
    const sigset_t set = set_of({parent_death_signal});
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::prctl(PR_SET_PDEATHSIG, parent_death_signal);
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  // It may have died before the kernel knew of our wish.
  if (::getppid() != parent_pid) ::_exit(1);
}

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

namespace {

bool is_own(int pid) {
  const std::vector<int> helpers = actor_runtime::current().backend().helper_pids();
  const auto& children = actor_runtime::current().child_pids();
  return std::find(helpers.begin(), helpers.end(), pid) != helpers.end() ||
         std::find(children.begin(), children.end(), pid) != children.end();
}

// The kernel is asked: a wait of the loop may end early, by an event of a descriptor that had this number
// before.
bool has_ended(int pidfd) {
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
  return result != 0 || info.si_pid != 0;
}

// Whether a process is of a tree.
enum class kinship { none, actor, unknown };

// The environment of a process; none when it may not be seen, empty when there is none to see now.
// Not by a stream: a process that ends while it is read is no error here, but a stream buffer throws.
std::optional<std::string> environment_of(int pid) {
  const owned_fd file(::open(("/proc/" + std::to_string(pid) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == EACCES || errno == EPERM)) return std::nullopt;
  std::string all;
  if (!file) return all;
  char chunk[4096];
  for (ssize_t count; (count = ::read(file.get(), chunk, sizeof chunk)) > 0;)
    all.append(chunk, static_cast<std::size_t>(count));
  return all;
}

// Actors and their helpers are known by name, and before they have one by the environment. One that has ended
// so early has no environment left to tell by; one that is between two programs, or about to end, has none to
// show now.
kinship kinship_of(int pid, int pidfd) {
  const std::string comm = comm_of(pid);
  if (comm.starts_with("_subactor[") || comm.starts_with("_zygote[")) return kinship::actor;
  if (comm != "exe") return kinship::none;
  const std::optional<std::string> variables = environment_of(pid);
  if (has_ended(pidfd)) return kinship::actor;
  if (!variables) return kinship::none;
  if (variables->empty()) return kinship::unknown;
  return variables->find(std::string(boot_variable) + "=") != variables->npos ? kinship::actor
                                                                              : kinship::none;
}

// A birth that takes longer hangs, and has bounds of its own.
constexpr auto birth_bound = 10s;

// A child of ours that nothing here knows of. Takes over the pidfd.
class orphan {
 public:
  orphan(int pid, std::string comm, owned_fd& pidfd)
      : pid_(pid), comm_(std::move(comm)), handle_(this_context(), pidfd.release()) {}

  // False when it turns out to be no orphan, or cannot be ended.
  task<bool> end(std::uint64_t births_before, time_point kill_at);

 private:
  task<> wait_for_end(duration bound) {
    auto wait = [&]() -> task<> {
      while (!has_ended(handle_.native_handle()))
        co_await handle_.async_wait(asio::posix::stream_descriptor::wait_read, use_task);
    };
    co_await move_on_after(bound, wait);
  }

  int pid_;
  std::string comm_;
  asio::posix::stream_descriptor handle_;
};

// A child that is being made is there before its maker is told of it, and may have died by then: it is no
// orphan, and its end is not ours to take.
task<bool> orphan::end(std::uint64_t births_before, time_point kill_at) {
  actor_runtime& runtime = actor_runtime::current();
  const int pidfd = handle_.native_handle();
  const time_point give_up_at = kill_at + birth_bound;
  auto may_be_own = [&] { return runtime.is_giving_birth(births_before) && current_time() < give_up_at; };
  while (!is_own(pid_) && (may_be_own() || (!has_ended(pidfd) && current_time() < kill_at))) {
    if (has_ended(pidfd)) co_await sleep(1ms);
    co_await wait_for_end(10ms);
  }
  if (is_own(pid_) || runtime.is_giving_birth(births_before)) co_return false;
  if (!has_ended(pidfd)) {
    TRACTOR_LOG(runtime, cancel, "killing the orphan {} (pid {})", comm_, pid_);
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    co_await wait_for_end(10s);
    if (!has_ended(pidfd))
      TRACTOR_LOG(runtime, critical, "the orphan {} (pid {}) survives SIGKILL: it hangs in the kernel", comm_,
                  pid_);
  }
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | __WALL);
  co_return result == 0 && info.si_pid != 0;
}

// Ends the child `pid` if it is an orphan; true when it was one and is gone.
task<bool> end_if_orphan(int pid, std::uint64_t births_before, time_point kill_at) {
  owned_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd.get() < 0) co_return false;
  kinship kin = kinship_of(pid, pidfd.get());
  while (kin == kinship::unknown && current_time() < kill_at) {
    co_await sleep(1ms);
    kin = kinship_of(pid, pidfd.get());
  }
  if (kin != kinship::actor) co_return false;
  orphan found(pid, comm_of(pid), pidfd);
  co_return co_await found.end(births_before, kill_at);
}

}  // namespace

// Only processes of our own kind: a host program's children are not ours to wait for. The end of an orphan
// may bring its own children to us, so whoever is new is looked at until there is nobody.
task<> sweep_orphans() {
  std::set<int> seen;
  const actor_runtime& runtime = actor_runtime::current();
  const time_point kill_at = current_time() + runtime.config().timeouts.hard_kill.value();
  for (bool more = true; more;) {
    more = false;
    const std::uint64_t births = runtime.births();
    for (int pid : children_of_self()) {
      if (is_own(pid) || !seen.insert(pid).second) continue;
      more = true;
      const bool reaped = co_await end_if_orphan(pid, births, kill_at);
      // Its number may come again.
      if (reaped) seen.erase(pid);
    }
  }
}

namespace {
void remove_leftovers_if(const std::vector<std::string>& transports,
                         const std::function<bool(const leftover&)>& belongs_to_the_dead) {
  for (const std::string& key : transports) {
    tractor::transport& it = plugin::registry::instance().transport(key);
    leftovers theirs;
    for (leftover& each : it.scan())
      if (belongs_to_the_dead(each)) theirs.push_back(std::move(each));
    if (theirs.empty()) continue;
    for (const leftover& each : it.reap(theirs).failed)
      TRACTOR_LOG(runtime, warning, "cannot remove {} of the dead process {}: {}", each.name, each.pid,
                  each.detail);
  }
}
}  // namespace

void remove_leftovers_of_the_dead(const std::vector<std::string>& transports) {
  remove_leftovers_if(transports, [](const leftover&) { return true; });
  remove_segments(find_dead_segments());
}

void remove_leftovers_of_parent(int pid, const std::string& where,
                                const std::vector<std::string>& transports) {
  remove_leftovers_if(transports, [&](const leftover& each) {
    return each.pid == pid || (!each.name.empty() && where.ends_with(each.name));
  });
  remove_segments_of({pid});
}

}  // namespace tractor::detail
