#include "hard_guard.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "hang_dump.hpp"
#include "prompt_pause.hpp"
#include "say.hpp"

// All that runs in the handler is async-signal-safe: the thread may hold any lock, that of malloc included.
namespace tractor::harness::detail {
namespace {

constexpr std::size_t most = 4096;
char test_name[256];
char message[512];
timer_t the_timer;
prompt_pause prompts;
pid_t pids[most], parents[most];
char states[most];
bool below_us[most];

/// A number as text.
class digits {
 public:
  explicit digits(long value) noexcept {
    *--at_ = '\0';
    do *--at_ = static_cast<char>('0' + value % 10);
    while (value /= 10);
  }
  digits(const digits&) = delete;
  const char* text() const noexcept { return at_; }

 private:
  char text_[24];
  char* at_ = text_ + sizeof text_;
};

/// A path below /proc/<pid>.
class process_path {
 public:
  process_path(long pid, const char* name, const char* below = "") noexcept {
    const digits number(pid);
    for (const char* part : {number.text(), name, below})
      std::strncat(text_, part, sizeof text_ - 1 - std::strlen(text_));
  }
  const char* text() const noexcept { return text_; }

 private:
  char text_[96] = "/proc/";
};

long read_number(const char* at) {
  long value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
  return value;
}

// Reads a small file of /proc/<pid> into `into`, with a zero at the end. Returns how much that is.
std::size_t read_file(long pid, const char* name, char* into, std::size_t size) {
  into[0] = '\0';
  const int fd = ::open(process_path(pid, name).text(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const auto count = std::max<long>(::read(fd, into, size - 1), 0);
  ::close(fd);
  into[count] = '\0';
  return static_cast<std::size_t>(count);
}

struct kernel_dirent {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

template <class Each> void for_each_name(const char* path, const Each& each) {
  const int folder = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  alignas(kernel_dirent) char entries[4096];
  for (long size; (size = ::syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const kernel_dirent*>(entries + at);
      at += entry->length;
      each(static_cast<const char*>(entry->name));
    }
  }
  ::close(folder);
}

std::size_t read_table() {
  std::size_t count = 0;
  for_each_name("/proc", [&count](const char* name) {
    const long pid = read_number(name);
    char stat[512];
    if (pid == 0 || count == most || read_file(pid, "/stat", stat, sizeof stat) == 0) return;
    const char* close = std::strrchr(stat, ')');
    if (!close || std::strlen(close) < 5) return;
    pids[count] = static_cast<pid_t>(pid);
    states[count] = close[2];
    parents[count++] = static_cast<pid_t>(read_number(close + 4));
  });
  return count;
}

bool is_ours(pid_t pid, std::size_t count) {
  if (pid == ::getpid()) return true;
  for (std::size_t at = 0; at < count; ++at)
    if (pids[at] == pid) return below_us[at];
  return false;
}

// Returns how many of them live.
std::size_t mark_descendants(std::size_t count) {
  std::size_t marked = 0;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t at = 0; at < count; ++at)
      if (!below_us[at] && is_ours(parents[at], count))
        below_us[at] = more = true, marked += states[at] != 'Z';
  }
  return marked;
}

void say_open_files(pid_t pid, const char* indent) {
  bool any = false;
  for_each_name(process_path(pid, "/fd").text(), [&](const char* name) {
    char target[256];
    const auto count = ::readlink(process_path(pid, "/fd/", name).text(), target, sizeof target - 1);
    if (count <= 0) return;
    target[count] = '\0';
    if (!any) say(indent), say("    open:");
    for (const char* part : {" ", name, "=", static_cast<const char*>(target)}) say(part);
    any = true;
  });
  if (any) say("\n");
}

// Each line as far to the right as asked, those of a log farther; the room is ours to write to.
void say_lines(char* text, const char* indent) {
  const char* deeper = "    ";
  for (char* line = text; *line;) {
    char* const end = std::strchr(line, '\n');
    if (end) *end = '\0';
    for (const char* part : {indent, deeper, static_cast<const char*>(line), "\n"}) say(part);
    if (end && dump_request::log_head.substr(0, dump_request::log_head.size() - 1) == line) deeper = "      ";
    line = end ? end + 1 : line + std::strlen(line);
  }
}

// The last dump in a file of such: its first line is the last one that begins so.
void say_last_dump(const char* path, const char* indent) {
  static char room[64 << 10];
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const off_t size = ::lseek(fd, 0, SEEK_END), most_read = sizeof room - 1;
  const auto count = std::max<long>(::pread(fd, room, most_read, std::max<off_t>(size - most_read, 0)), 0);
  ::close(fd);
  // The empty line at its end is not shown.
  room[std::max<long>(count - 1, 0)] = '\0';
  char* begin = room;
  for (char* at = room; (at = std::strstr(at, "task tree of actor '")) != nullptr; ++at)
    if (at == room || at[-1] == '\n') begin = at;
  say_lines(begin, indent);
}

void say_tasks(pid_t pid, const char* indent) {
  for_each_name(process_path(pid, "/fd").text(), [&](const char* name) {
    const process_path path(pid, "/fd/", name);
    char target[256];
    const auto count = std::max<long>(::readlink(path.text(), target, sizeof target - 1), 0);
    target[count] = '\0';
    if (std::strstr(target, "/tractor-stackscope-")) say_last_dump(path.text(), indent);
  });
}

void say_title(pid_t pid) {
  char title[256];
  const std::size_t count = read_file(pid, "/cmdline", title, sizeof title);
  if (count == 0) read_file(pid, "/comm", title, sizeof title);
  std::replace(title, title + std::max<std::size_t>(count, 1) - 1, '\0', ' ');
  say(title);
  // The name ends its line itself.
  if (!std::strchr(title, '\n')) say("\n");
}

void say_process(std::size_t at, const char* indent) {
  char place[64];
  read_file(pids[at], "/wchan", place, sizeof place);
  const bool waits = *place && std::strcmp(place, "0") != 0;
  const char state[] = {states[at], '\0'};
  const digits pid(pids[at]);
  for (const char* part : {indent, pid.text(), ", state ", state, waits ? ", waits in " : "",
                           static_cast<const char*>(waits ? place : ""), ": "})
    say(part);
  say_title(pids[at]);
  say_open_files(pids[at], indent);
  say_tasks(pids[at], indent);
}

// One that is deeper stands no deeper.
void say_tree(pid_t root, std::size_t count, std::size_t depth = 1) {
  char indent[64] = {};
  std::memset(indent, ' ', std::min(2 * depth, sizeof indent - 1));
  for (std::size_t at = 0; at < count; ++at)
    if (pids[at] == root) say_process(at, indent);
  for (std::size_t at = 0; at < count; ++at)
    if (parents[at] == root && pids[at] != root) say_tree(pids[at], count, depth + 1);
}

void pause_for(long nanoseconds) {
  timespec left{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  // What interrupts it is the answer of our own actor.
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void ask_for_tasks(pid_t pid) {
  sigval quietly{};
  quietly.sival_int = dump_request::quiet;
  ::sigqueue(pid, SIGUSR1, quietly);
}

// Without an actor here, nobody may have seen to it that the signal ends nothing.
bool is_heard_here() {
  struct sigaction now {};
  return ::sigaction(SIGUSR1, nullptr, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN;
}

void ask_actors_for_tasks(std::size_t count) {
  mark_descendants(count);
  if (is_heard_here()) ask_for_tasks(::getpid());
  for (std::size_t at = 0; at < count; ++at) {
    char title[64];
    if (!below_us[at] || !read_file(pids[at], "/cmdline", title, sizeof title)) continue;
    if (std::strncmp(title, actor_title, std::strlen(actor_title)) == 0) ask_for_tasks(pids[at]);
  }
  pause_for(std::chrono::nanoseconds(time_for_tasks).count());
}

void kill_descendants() {
  // Again, since what is killed leaves its children to us, and may have been forking.
  for (int round = 0; round < 50; ++round) {
    std::memset(below_us, 0, sizeof below_us);
    const std::size_t count = read_table();
    // What we do not reap, our parent would find as zombies of its own.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (mark_descendants(count) == 0) return;
    for (std::size_t at = 0; at < count; ++at)
      if (below_us[at]) ::kill(pids[at], SIGKILL);
    pause_for(10'000'000);
  }
}

void set_timer(long seconds, long nanoseconds) {
  const itimerspec when{{0, 0}, {seconds, nanoseconds}};
  ::timer_settime(the_timer, 0, &when, nullptr);
}

void on_alarm(int) {
  const int number = errno;
  if (const long more = prompts.more().count(); more > 0) {
    set_timer(more / 1000, more % 1000 * 1'000'000);
    errno = number;
    return;
  }
  say(message);
  void* frames[48];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 48), STDERR_FILENO);
  const std::size_t count = read_table();
  ask_actors_for_tasks(count);
  say("Its processes, with the tasks of its actors:\n");
  say_tree(::getpid(), count);
  kill_descendants();
  say("[  FAILED  ] ");
  say(test_name);
  say(" (stopped by force)\n");
  ::_exit(hard_guard_exit_code);
}

}  // namespace

int hard_guard_signal() noexcept { return SIGRTMAX - 3; }

void install_hard_guard() {
  // The first call loads a library, which a signal handler must not.
  void* frame[1];
  ::backtrace(frame, 1);
  struct sigaction action {};
  action.sa_handler = &on_alarm;
  // Who waits for a person to answer goes on waiting.
  action.sa_flags = SA_RESTART;
  ::sigaction(hard_guard_signal(), &action, nullptr);
  // Whoever started this program may have blocked it.
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, hard_guard_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

hard_guard::hard_guard(const std::string& test, std::chrono::nanoseconds bound) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bound);
  test.copy(test_name, sizeof test_name - 1);
  test_name[std::min(test.size(), sizeof test_name - 1)] = '\0';
  const std::string text = "HARD TIMEOUT: " + test + " blocks its thread: not done " +
                           std::to_string(seconds.count()) + " s after its start. It stands here:\n";
  text.copy(message, sizeof message - 1);
  message[std::min(text.size(), sizeof message - 1)] = '\0';

  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = hard_guard_signal();
  if (::timer_create(CLOCK_MONOTONIC, &event, &the_timer) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make the timer of a test");
  prompts = prompt_pause();
  // A timer that is set to nothing never fires.
  set_timer(seconds.count(), std::max<long>((bound - seconds).count(), 1));
}

hard_guard::~hard_guard() { ::timer_delete(the_timer); }

}  // namespace tractor::harness::detail
