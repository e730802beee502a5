#include "process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

#include "pidfd.hpp"

namespace tractor::harness::detail {
namespace {

// Not by a stream: the process may end between open and read, which a stream buffer answers with an
// exception.
std::string read_all(const std::string& path) {
  std::string out;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  char buffer[4096];
  for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(count));
  ::close(fd);
  return out;
}

// Leaves the command line out.
std::optional<process_info> read_process(pid_t pid) {
  const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
  // The name in parentheses may itself hold a parenthesis.
  const auto open = stat.find('('), close = stat.rfind(')');
  if (open == stat.npos || close == stat.npos || close + 4 >= stat.size()) return std::nullopt;
  process_info out;
  out.pid = pid;
  out.state = stat[close + 2];
  std::from_chars(stat.data() + close + 4, stat.data() + stat.size(), out.parent);
  out.what = "[" + stat.substr(open + 1, close - open - 1) + "]";
  return out;
}

void add_command_line(process_info& to) {
  std::string words = read_all("/proc/" + std::to_string(to.pid) + "/cmdline");
  while (!words.empty() && words.back() == '\0') words.pop_back();
  std::ranges::replace(words, '\0', ' ');
  if (!words.empty()) to.what = std::move(words);
}

std::multimap<pid_t, process_info> children_by_parent() {
  std::multimap<pid_t, process_info> out;
  DIR* const folder = ::opendir("/proc");
  if (!folder) return out;
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (auto info = read_process(std::atoi(entry->d_name))) out.emplace(info->parent, std::move(*info));
  }
  ::closedir(folder);
  return out;
}

// Kills those of `now` that are victims or below one, not below a spared one; adds them to the victims.
bool kill_round(std::set<pid_t>& victims, const std::vector<process_info>& now,
                const std::set<pid_t>& spared) {
  bool found = false;
  std::set<pid_t> kept = spared;
  for (const process_info& each : now) {  // parents come before their children
    if (kept.contains(each.parent)) kept.insert(each.pid);
    if (kept.contains(each.pid)) continue;
    if (victims.contains(each.parent)) victims.insert(each.pid);
    if (!victims.contains(each.pid)) continue;
    found = true;
    if (each.zombie() && each.parent == ::getpid())
      ::waitpid(each.pid, nullptr, WNOHANG);
    else
      signal_process(each.pid, SIGKILL);
  }
  return found;
}

}  // namespace

std::chrono::nanoseconds busy_time_of(const std::string& folder) {
  std::chrono::nanoseconds out{};
  std::error_code ignored;
  for (const auto& thread : std::filesystem::directory_iterator(folder + "/task", ignored))
    out += busy_time_of(thread.path());
  if (out.count() > 0) return out;
  std::istringstream fields(read_all(folder + "/schedstat"));
  long long running = 0, waiting = 0;
  fields >> running >> waiting;
  return std::chrono::nanoseconds(running + waiting);
}

std::vector<process_info> descendants_of(pid_t root) {
  const auto children = children_by_parent();
  std::vector<process_info> out, open;
  const auto open_children = [&](pid_t parent, std::size_t depth) {
    const auto [begin, end] = children.equal_range(parent);
    for (auto at = end; at != begin;) {
      open.push_back((--at)->second);
      open.back().depth = depth;
    }
  };
  open_children(root, 1);
  while (!open.empty()) {
    out.push_back(std::move(open.back()));
    open.pop_back();
    open_children(out.back().pid, out.back().depth + 1);
  }
  for (process_info& each : out) add_command_line(each);
  return out;
}

std::vector<process_info> tree_of(pid_t root) {
  std::vector<process_info> out = descendants_of(root);
  if (auto info = read_process(root)) {
    add_command_line(*info);
    out.insert(out.begin(), std::move(*info));
  }
  return out;
}

void signal_process(pid_t pid, int number) noexcept {
  const int fd = open_pidfd(pid);
  if (fd < 0) return;
  // The number may have gone to a stranger between our look at /proc and the pidfd; what it stands for now is
  // fixed.
  const auto ours = descendants_of(::getpid());
  if (std::ranges::any_of(ours, [pid](const process_info& each) { return each.pid == pid; }))
    signal_pidfd(fd, number);
  ::close(fd);
}

void kill_and_reap(const std::set<pid_t>& victims, std::chrono::nanoseconds bound,
                   const std::set<pid_t>& spared) {
  std::set<pid_t> all = victims;
  const auto until = std::chrono::steady_clock::now() + bound;
  while (kill_round(all, descendants_of(::getpid()), spared) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace tractor::harness::detail
