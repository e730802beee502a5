#include "tractor/harness/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <thread>

#include "pidfd.hpp"
#include "process_table.hpp"

namespace tractor::harness {
namespace {

using clock = std::chrono::steady_clock;

[[noreturn]] void fail(int number, const std::string& what) {
  throw std::system_error(number, std::generic_category(), what);
}

/// Both ends of a pipe, closed unless released.
class pipe_pair {
 public:
  pipe_pair() {
    if (::pipe2(fds_.data(), O_CLOEXEC) != 0) fail(errno, "cannot make a pipe");
  }
  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;
  ~pipe_pair() {
    for (const int fd : fds_)
      if (fd >= 0) ::close(fd);
  }
  int write_end() const { return fds_[1]; }
  int release_read_end() {
    ::fcntl(fds_[0], F_SETFL, O_NONBLOCK);
    return std::exchange(fds_[0], -1);
  }

 private:
  std::array<int, 2> fds_{-1, -1};
};

/// What the new process does before it becomes the program.
class spawn_plan {
 public:
  /// With a `terminal` the first thing that the leader of a new session opens is its controlling one.
  spawn_plan(const command& what, int out, int err, const std::string& terminal) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    if (!terminal.empty()) {
      ::posix_spawn_file_actions_addopen(&actions_, 0, terminal.c_str(), O_RDWR, 0);
      ::posix_spawn_file_actions_adddup2(&actions_, 0, 1);
      ::posix_spawn_file_actions_adddup2(&actions_, 0, 2);
    } else if (!what.is_foreground()) {
      ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
      ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
      ::posix_spawn_file_actions_adddup2(&actions_, err, 2);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    if (!what.working_directory().empty())
      ::posix_spawn_file_actions_addchdir_np(&actions_, what.working_directory().c_str());
    // Only SIGUSR1 stays blocked, where it is: a process of a tree survives it from its first instruction.
    sigset_t mask, blocked, all;
    ::sigemptyset(&mask);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    if (::sigismember(&blocked, SIGUSR1) == 1) ::sigaddset(&mask, SIGUSR1);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &mask);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = !terminal.empty()      ? POSIX_SPAWN_SETSID
                      : what.is_foreground() ? 0
                                             : POSIX_SPAWN_SETPGROUP;
    ::posix_spawnattr_setflags(&attributes_,
                               static_cast<short>(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
  ~spawn_plan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  pid_t start(const std::vector<std::string>& words, const std::vector<std::string>& variables) {
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, words.front().c_str(), &actions_, &attributes_,
                                     pointers(words).data(), pointers(variables).data());
    if (error != 0) fail(error, "cannot start " + words.front());
    return pid;
  }

 private:
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> environment_of(const command& what) {
  std::vector<std::string> out;
  for (char** at = ::environ; at && *at; ++at) {
    const std::string entry = *at;
    const std::string name = entry.substr(0, entry.find('='));
    // A program under test is no shard of this run, and reports to nobody.
    if (name.starts_with("GTEST_")) continue;
    if (std::ranges::none_of(what.env(), [&](const auto& set) { return set.first == name; }))
      out.push_back(entry);
  }
  for (const auto& [name, value] : what.env()) out.push_back(name + "=" + value);
  return out;
}

// Takes the middle out of what is too long.
void shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  const std::string mark = "\n[... what came here was too much to be kept ...]\n";
  const std::size_t half = most / 2;
  const bool again = text.compare(half, mark.size(), mark) == 0;
  const std::size_t from = again ? half + mark.size() : half;
  text.erase(from, text.size() - from - half);
  if (!again) text.insert(half, mark);
}

// Reads what is there; closes the pipe at its end.
void read_some(int& fd, std::string& into, std::size_t most) {
  char buffer[16384];
  while (fd >= 0) {
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count > 0) {
      into.append(buffer, static_cast<std::size_t>(count));
      // Seldom: each time moves the last half.
      if (into.size() / 2 > most) shorten(into, most);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else {
      if (count == 0 || errno != EAGAIN) ::close(std::exchange(fd, -1));
      return;
    }
  }
}

int milliseconds_until(clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
}

clock::time_point in(std::chrono::nanoseconds bound) {
  return clock::now() + std::chrono::duration_cast<clock::duration>(bound);
}

}  // namespace

std::string command::text() const {
  std::string out;
  for (const std::string& word : words_) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::optional<int> exit_status::code() const noexcept {
  return WIFEXITED(raw_) ? std::optional<int>(WEXITSTATUS(raw_)) : std::nullopt;
}
std::optional<int> exit_status::signal() const noexcept {
  return WIFSIGNALED(raw_) ? std::optional<int>(WTERMSIG(raw_)) : std::nullopt;
}
std::string exit_status::text() const {
  if (const auto number = code()) return "exit code " + std::to_string(*number);
  const int number = signal().value_or(0);
  return "signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
}

subprocess::subprocess(const command& what) : most_output_(what.most_output()) {
  if (what.terminal()) {
    start_on_terminal(what);
    return;
  }
  pipe_pair out, err;
  pid_ = spawn_plan(what, out.write_end(), err.write_end(), "").start(what.words(), environment_of(what));
  pidfd_ = detail::open_pidfd(pid_);
  out_fd_ = out.release_read_end();
  err_fd_ = err.release_read_end();
}

void subprocess::start_on_terminal(const command& what) {
  // Ours is one end, which keeps no terminal of ours away; the other is opened by the program.
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  char name[64];
  if (ours < 0 || ::grantpt(ours) != 0 || ::unlockpt(ours) != 0 ||
      ::ptsname_r(ours, name, sizeof name) != 0) {
    const int number = errno;
    if (ours >= 0) ::close(ours);
    fail(number, "cannot make a terminal");
  }
  out_fd_ = ours;
  try {
    resize(what.terminal()->first, what.terminal()->second);
    pid_ = spawn_plan(what, -1, -1, name).start(what.words(), environment_of(what));
  } catch (...) {
    ::close(ours);
    throw;
  }
  pidfd_ = detail::open_pidfd(pid_);
}

void subprocess::write(std::string_view text, std::chrono::nanoseconds bound) {
  const auto until = in(bound);
  while (!text.empty()) {
    const auto count = ::write(out_fd_, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) fail(errno, "nobody reads what is typed");
    // Its line is full until the program reads: what it writes meanwhile must not hold it up.
    pollfd room{out_fd_, POLLOUT, 0};
    if (::poll(&room, 1, std::min(milliseconds_until(until), 50)) == 0 && clock::now() >= until)
      fail(ETIMEDOUT, "the program does not read what is typed");
    read_available();
  }
}

void subprocess::resize(unsigned short columns, unsigned short rows) {
  const winsize size{rows, columns, 0, 0};
  if (::ioctl(out_fd_, TIOCSWINSZ, &size) != 0) fail(errno, "the program has no terminal");
}

subprocess::~subprocess() {
  kill_tree();
  for (const int fd : {pidfd_, out_fd_, err_fd_})
    if (fd >= 0) ::close(fd);
}

bool subprocess::try_reap() {
  int raw = 0;
  if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) status_.emplace(raw);
  return status_.has_value();
}

void subprocess::read_available() {
  read_some(out_fd_, out_, most_output_);
  read_some(err_fd_, err_, most_output_);
}

// Waits for output or for the end of the program, whichever is first, up to `bound`.
void subprocess::drain(std::chrono::nanoseconds bound) {
  // Its end is news once.
  pollfd fds[] = {{status_ ? -1 : pidfd_, POLLIN, 0}, {out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  ::poll(fds, 3, milliseconds_until(in(bound)));
  read_available();
}

std::optional<exit_status> subprocess::wait(std::chrono::nanoseconds bound) {
  const auto until = in(bound);
  while (!try_reap() && clock::now() < until) drain(until - clock::now());
  // What was written before the end is in the pipes by now; others may hold their ends, so this is no wait
  // for EOF.
  read_available();
  return status_;
}

bool subprocess::wait_for_more(std::chrono::nanoseconds bound) {
  const auto until = in(bound);
  const std::size_t had = out_.size() + err_.size();
  const bool ended = try_reap();
  for (;;) {
    read_available();
    if (out_.size() + err_.size() != had || !writes() || try_reap() != ended) return true;
    if (clock::now() >= until) return false;
    drain(until - clock::now());
  }
}

bool subprocess::wait_for_output(const std::string& text, std::chrono::nanoseconds bound) {
  const auto until = in(bound);
  for (;;) {
    const bool ended = try_reap();
    read_available();
    if (out_.find(text) != out_.npos || err_.find(text) != err_.npos) return true;
    if (ended || clock::now() >= until) return false;
    drain(until - clock::now());
  }
}

void subprocess::signal(int number) {
  if (!try_reap()) detail::signal_pidfd(pidfd_, number);
}

void subprocess::signal_tree(int number) {
  for (const pid_t each : descendants()) detail::signal_process(each, number);
  signal(number);
}

// On a terminal the program leads a session, too, of which each job of a shell is a group of its own.
bool subprocess::belongs(pid_t pid) const noexcept { return ::getpgid(pid) == pid_ || ::getsid(pid) == pid_; }

std::vector<pid_t> subprocess::descendants() const {
  std::set<pid_t> out;
  // Once the program is reaped its number may be another's; what it left has come to us and is known by its
  // group.
  if (!status_)
    for (const auto& each : detail::descendants_of(pid_))
      if (!each.zombie()) out.insert(each.pid);
  for (const auto& each : detail::descendants_of(::getpid()))
    if (each.pid != pid_ && !each.zombie() && belongs(each.pid)) out.insert(each.pid);
  return {out.begin(), out.end()};
}

void subprocess::kill_tree() {
  using namespace std::chrono_literals;
  // First the look, then the kill: with the program dead its orphans are found by their group only.
  const auto below = descendants();
  std::set<pid_t> victims(below.begin(), below.end());
  signal(SIGKILL);
  for (const auto& each : detail::descendants_of(::getpid()))
    if (each.pid != pid_ && belongs(each.pid)) victims.insert(each.pid);
  if (!victims.empty()) detail::kill_and_reap(victims, 2s);
  wait(2s);
}

bool subprocess::wait_for_descendants(std::chrono::nanoseconds bound) const {
  const auto until = in(bound);
  while (!descendants().empty()) {
    if (clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

const std::string& subprocess::out() {
  read_available();
  shorten(out_, most_output_);
  return out_;
}

const std::string& subprocess::err() {
  read_available();
  shorten(err_, most_output_);
  return err_;
}

}  // namespace tractor::harness
