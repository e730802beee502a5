#include "task_dumps.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <sstream>
#include <string_view>
#include <thread>

#include "procfs.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using answer = task_dump::answer;

// An actor shows one dump for all signals of half a second: one that came just before may have been for
// another.
constexpr auto ask_again = 600ms, look_again = 5ms;
constexpr std::string_view deeper = "  | ", task_word = "task ";

// The actor has its file open: that is found wherever it lies, and whatever it is called there.
std::string dump_file_of(int pid) {
  const std::string folder = procfs::folder_of(pid) + "/fd/";
  for (const std::string& name : procfs::names_in(folder)) {
    const std::string target = procfs::target_of(folder + name);
    if (target.find("/tractor-stackscope-") != std::string::npos && target.ends_with(".log"))
      return folder + name;
  }
  return {};
}

// What stands in the file from there on.
std::string read_from(const std::string& path, off_t at) {
  std::string text;
  const owned_fd file(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char chunk[16 << 10];
  for (ssize_t count; file && (count = ::pread(file.get(), chunk, sizeof chunk, at)) > 0; at += count)
    text.append(chunk, static_cast<std::size_t>(count));
  return text;
}

/// One actor that is asked.
class question {
 public:
  explicit question(task_dump& about) : about_(about) {
    const int pid = about.of.pid;
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    struct stat is {};
    if (const std::string file = dump_file_of(pid); !file.empty() && ::stat(file.c_str(), &is) == 0)
      begin_ = is.st_size;
  }

  bool open() const noexcept { return open_; }

  // The process that is looked at is the one that is signalled: its number is not used again while it is
  // held.
  void ask() {
    if (!process_)
      close(answer::ended);
    else if (about_.of.state == "stopped")
      close(answer::stopped);
    else if (!survives_dump_signal(about_.of.pid))
      close(answer::deaf);
    else if (::syscall(SYS_pidfd_send_signal, process_.get(), SIGUSR1, nullptr, 0) != 0)
      close(answer::ended);
  }

  void look() {
    const std::string text = read_from(dump_file_of(about_.of.pid), begin_);
    const std::size_t end = text.find("\n\n");
    if (end != std::string::npos) {
      take(text.substr(0, end));
      close(answer::given);
    } else if (::syscall(SYS_pidfd_send_signal, process_.get(), 0, nullptr, 0) != 0) {
      close(answer::ended);
    }
  }

 private:
  void close(answer is) {
    about_.is = is;
    open_ = false;
  }

  // The first line is `task tree of actor 'NAME' (pid PID, STATE):`
  void take(const std::string& text) {
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    const std::size_t state = line.rfind("(pid "), comma = line.find(", ", state);
    if (comma != std::string::npos && line.ends_with("):"))
      about_.state = line.substr(comma + 2, line.size() - comma - 4);
    while (std::getline(in, line)) about_.lines.push_back(line);
  }

  task_dump& about_;
  owned_fd process_;
  off_t begin_ = 0;
  bool open_ = true;
};

// How deep a line lies; takes the marks of it away.
std::size_t take_depth(std::string_view& line) {
  std::size_t depth = 0;
  for (; line.starts_with(deeper); ++depth) line.remove_prefix(deeper.size());
  return depth;
}

dumped_task task_in(std::string_view line) {
  dumped_task out;
  line.remove_prefix(task_word.size());
  constexpr std::string_view scopes = " scopes: ";
  if (const std::size_t at = line.rfind(scopes); at != line.npos && line[at - 1] == ')') {
    out.scopes = line.substr(at + scopes.size());
    line = line.substr(0, at);
  }
  const std::size_t open = line.rfind(" (");
  out.name = line.substr(0, open);
  if (open != line.npos && line.ends_with(")")) out.state = line.substr(open + 2, line.size() - open - 3);
  return out;
}

}  // namespace

const char* to_string(answer is) {
  switch (is) {
    case answer::given:
      return "answered";
    case answer::stopped:
      return "is stopped: it answers when it goes on";
    case answer::ended:
      return "has ended";
    case answer::deaf:
      return "does not listen to SIGUSR1";
    default:
      return "did not answer in time";
  }
}

std::vector<task_dump> ask_for_dumps(const std::vector<actor_process>& actors,
                                     std::chrono::milliseconds bound) {
  std::vector<task_dump> out;
  for (const actor_process& one : actors)
    if (one.is != actor_process::role::helper) out.push_back({one, answer::silent, {}, {}});
  std::list<question> all;
  for (task_dump& one : out) all.emplace_back(one);
  const auto until = clock::now() + bound;
  auto asked = clock::time_point::min();
  while (std::ranges::any_of(all, &question::open) && clock::now() < until) {
    const bool now = asked == clock::time_point::min() || clock::now() - asked > ask_again;
    if (now) asked = clock::now();
    for (question& one : all) {
      if (one.open() && now) one.ask();
      if (one.open()) one.look();
    }
    if (std::ranges::any_of(all, &question::open)) std::this_thread::sleep_for(look_again);
  }
  return out;
}

std::size_t count_tasks(const task_dump& dump) {
  return static_cast<std::size_t>(std::ranges::count_if(dump.lines, [](std::string_view line) {
    take_depth(line);
    return line.starts_with(task_word);
  }));
}

void add_task_counts(std::vector<actor_process>& actors, std::chrono::milliseconds bound) {
  const std::vector<task_dump> dumps = ask_for_dumps(actors, bound);
  for (actor_process& one : actors) {
    const auto found = std::ranges::find(dumps, one.pid, [](const task_dump& it) { return it.of.pid; });
    if (found != dumps.end() && found->is == answer::given) one.tasks = count_tasks(*found);
  }
}

std::vector<dumped_task> parse_tasks(const std::vector<std::string>& lines) {
  std::vector<dumped_task> tops;
  for (std::string_view line : lines) {
    std::vector<dumped_task>* level = &tops;
    for (std::size_t depth = take_depth(line); depth > 0 && !level->empty(); --depth)
      level = &level->back().tasks;
    if (line.starts_with(task_word))
      level->push_back(task_in(line));
    else if (line.find(" at ") != line.npos && !level->empty())
      level->back().frames.emplace_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
  }
  return tops;
}

}  // namespace tractor::cli
