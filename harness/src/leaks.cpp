#include "leaks.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "hard_guard.hpp"
#include "process_table.hpp"
#include "run_folder.hpp"
#include "socket_table.hpp"
#include "tractor/harness/session.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/dump_leftovers.hpp"

namespace tractor::harness::detail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) out.insert(entry.path().filename());
  return out;
}

// The files of this run, but for those that a run keeps (such as its key).
std::set<std::string> files_of_run() {
  std::set<std::string> out;
  // Without a folder of its own a program has none that may be looked through, least of all /tmp.
  if (current_session().folder.empty()) return out;
  std::error_code ignored;
  for (const char* part : {runtime_part, temporary_part, scratch_part}) {
    const std::string folder = current_session().folder + part;
    for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
      if (entry.symlink_status(ignored).type() != fs::file_type::directory ||
          (part == temporary_part && fs::is_empty(entry.path(), ignored)))
        out.insert(entry.path());
  }
  return out;
}

std::map<int, std::string> open_fds() {
  std::map<int, std::string> out;
  DIR* const folder = ::opendir("/proc/self/fd");
  if (!folder) return out;
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == ::dirfd(folder)) continue;
    char target[512] = {};
    if (::readlinkat(::dirfd(folder), entry->d_name, target, sizeof target - 1) > 0) out.emplace(fd, target);
  }
  ::closedir(folder);
  return out;
}

std::map<int, void*> signal_handlers() {
  std::map<int, void*> out;
  for (int number = 1; number <= SIGRTMAX; ++number) {
    // A runtime that writes to sockets ignores SIGPIPE for good; that is part of its contract.
    if (number == SIGPIPE || number == hard_guard_signal()) continue;
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) == 0) out.emplace(number, reinterpret_cast<void*>(now.sa_handler));
  }
  return out;
}

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> out;
  for (char** at = ::environ; at && *at; ++at) {
    const std::string entry = *at;
    const auto equals = entry.find('=');
    out.emplace(entry.substr(0, equals), equals == entry.npos ? "" : entry.substr(equals + 1));
  }
  return out;
}

std::string working_directory() {
  std::error_code ignored;
  return fs::current_path(ignored);
}

/// Finds out who computes without end while a test's rest is given time to end by itself.
class cpu_watch {
 public:
  /// Takes note of one, from the first call on.
  void look_at(const std::string& folder) { first_.try_emplace(folder, clock::now(), busy_time_of(folder)); }

  /// Says so if it was busy nearly all the time since it was first looked at.
  std::string verdict_on(const std::string& folder) const {
    const auto first = first_.find(folder);
    if (first == first_.end()) return {};
    const std::chrono::nanoseconds span = clock::now() - first->second.first;
    const auto used = busy_time_of(folder) - first->second.second;
    return span < 100ms || used * 100 < span * 95 ? "" : ", and uses a processor all the time";
  }

 private:
  using clock = std::chrono::steady_clock;
  std::map<std::string, std::pair<clock::time_point, std::chrono::nanoseconds>> first_;
};

std::string short_text(const std::string& text) {
  return text.size() <= 160 ? text : text.substr(0, 157) + "...";
}

// Processes that backends keep on purpose are no leak, nor are those that were there before.
std::set<int> known_processes(const std::set<int>& before) {
  std::set<int> out = before;
  for (const std::string& key : current_session().backends)
    for (const int pid : plugin::registry::instance().spawn(key).helper_pids()) out.insert(pid);
  return out;
}

std::vector<process_info> new_descendants(const std::set<int>& before) {
  auto all = descendants_of(::getpid());
  const std::set<int> known = known_processes(before);
  std::erase_if(all, [&](const process_info& each) { return known.contains(each.pid); });
  return all;
}

// Dead owners' things are looked for on the whole machine: a process that does not descend from us is another
// run's.
bool concerns_us(const leftover& each) {
  if (each.kind != "process") return true;
  return std::ranges::any_of(descendants_of(::getpid()),
                             [&](const process_info& ours) { return ours.pid == each.pid; });
}

template <class Plugin> void add_leftovers(std::set<std::string>& to, const Plugin& it) {
  for (const leftover& each : it.scan())
    if (concerns_us(each))
      to.insert(each.kind + " " + each.name + (each.detail.empty() ? "" : ": " + each.detail));
}

std::set<std::string> leftover_names() {
  std::set<std::string> out;
  auto& plugins = plugin::registry::instance();
  for (const std::string& key : current_session().transports) add_leftovers(out, plugins.transport(key));
  for (const std::string& key : current_session().backends) add_leftovers(out, plugins.spawn(key));
  return out;
}

void wait_until(std::chrono::steady_clock::time_point until, const std::function<bool()>& done) {
  while (!done() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(2ms);
}

// True when a living process that is not below us has the file open or mapped: then it is another program's.
bool used_by_others(const std::string& path) {
  std::set<int> ours{::getpid()};
  for (const process_info& each : descendants_of(::getpid())) ours.insert(each.pid);
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    const int pid = std::atoi(process.path().filename().c_str());
    if (pid == 0 || ours.contains(pid)) continue;
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", ignored))
      if (fs::read_symlink(fd.path(), ignored) == path) return true;
    std::ifstream maps(process.path() / "maps");
    for (std::string line; std::getline(maps, line);)
      if (line.ends_with(path)) return true;
  }
  return false;
}

std::string kind_of_file(const std::string& path) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return "link ";
  if (fs::is_socket(path, ignored)) return "socket file ";
  return fs::is_directory(path, ignored) ? "folder " : "file ";
}

constexpr const char* shm_folder = "/dev/shm";

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

baseline::baseline()
    : threads_(names_in("/proc/self/task")),
      fds_(open_fds()),
      handlers_(signal_handlers()),
      shm_(names_in(shm_folder)),
      ipc_(ipc_objects()),
      runtime_files_(files_of_run()),
      leftovers_(leftover_names()),
      environment_(variables()),
      folder_(working_directory()) {
  ::sigprocmask(SIG_SETMASK, nullptr, &mask_);
  for (const process_info& each : descendants_of(::getpid())) processes_.insert(each.pid);
}

std::vector<std::string> baseline::leaks(std::chrono::nanoseconds patience) const {
  std::vector<std::string> out;
  const auto until = std::chrono::steady_clock::now() + patience;
  check_processes(out, until);
  check_threads(out, until);
  check_fds(out);
  check_signals(out);
  check_leftovers(out);
  check_files(out);
  check_segments(out, until);
  check_ipc(out);
  check_surroundings(out);
  return out;
}

void baseline::check_processes(std::vector<std::string>& out,
                               std::chrono::steady_clock::time_point until) const {
  std::vector<process_info> left;
  cpu_watch cpu;
  const auto folder_of = [](const process_info& each) { return "/proc/" + std::to_string(each.pid); };
  wait_until(until, [&] {
    left = new_descendants(processes_);
    for (const process_info& each : left) cpu.look_at(folder_of(each));
    // A zombie of ours stays one: nobody but the test would have reaped it.
    return std::ranges::all_of(left, [](const process_info& each) { return each.zombie(); });
  });
  std::set<pid_t> victims;
  for (const process_info& each : left) {
    out.push_back((each.zombie() ? "zombie " : "process ") + std::to_string(each.pid) + " " +
                  short_text(each.what) +
                  (each.zombie() ? ": nobody waited for it" : ": still runs after the test") +
                  cpu.verdict_on(folder_of(each)));
    victims.insert(each.pid);
  }
  if (!victims.empty()) kill_and_reap(victims, 2s, known_processes(processes_));
}

void baseline::check_threads(std::vector<std::string>& out,
                             std::chrono::steady_clock::time_point until) const {
  const std::string all = "/proc/self/task/";
  std::set<std::string> more;
  cpu_watch cpu;
  wait_until(until, [&] {
    more = names_in(all);
    std::erase_if(more, [&](const std::string& each) { return threads_.contains(each); });
    for (const std::string& each : more) cpu.look_at(all + each);
    return more.empty();
  });
  for (const std::string& each : more) {
    std::string name;
    std::ifstream comm(all + each + "/comm");
    std::getline(comm, name);
    out.push_back("thread " + each + " " + name + ": still runs after the test" + cpu.verdict_on(all + each));
  }
}

void baseline::check_fds(std::vector<std::string>& out) const {
  const socket_table sockets;
  for (const auto& [fd, target] : open_fds()) {
    const auto before = fds_.find(fd);
    if (before == fds_.end())
      out.push_back("fd " + std::to_string(fd) + " -> " + target + sockets.describe(target));
    else if (before->second != target)
      out.push_back("fd " + std::to_string(fd) + " -> " + target + ": was " + before->second);
  }
}

void baseline::check_signals(std::vector<std::string>& out) const {
  for (const auto& [number, handler] : signal_handlers())
    if (handlers_.at(number) != handler)
      out.push_back("signal SIG" + std::string(::sigabbrev_np(number) ? ::sigabbrev_np(number) : "?") + " (" +
                    std::to_string(number) + "): its handler was not put back");
  sigset_t now;
  ::sigprocmask(SIG_SETMASK, nullptr, &now);
  for (int number = 1; number <= SIGRTMAX; ++number)
    if (::sigismember(&mask_, number) != ::sigismember(&now, number))
      out.push_back("signal " + std::to_string(number) + ": the signal mask was not put back");
}

void baseline::check_leftovers(std::vector<std::string>& out) const {
  for (const std::string& each : leftover_names())
    if (!leftovers_.contains(each)) out.push_back("left over: " + each);
  for (const std::string& key : current_session().transports) {
    tractor::transport& it = plugin::registry::instance().transport(key);
    if (const leftovers found = it.scan(); !found.empty()) it.reap(found);
  }
}

void baseline::check_files(std::vector<std::string>& out) const {
  std::error_code ignored;
  std::set<std::string> dump_files;
  for (const leftover& each : find_dead_dumps()) dump_files.insert(each.name);
  for (const std::string& each : files_of_run()) {
    if (runtime_files_.contains(each)) continue;
    // Somebody asked for dumps, perhaps we did; an actor that was killed has left its own.
    if (!dump_files.contains(each)) out.push_back(kind_of_file(each) + each);
    fs::remove(each, ignored);
  }
}

// Another run's actor may have been killed a moment ago: its relatives are about to remove what it had.
void baseline::check_segments(std::vector<std::string>& out,
                              std::chrono::steady_clock::time_point until) const {
  std::vector<std::string> left;
  wait_until(until, [&] {
    left.clear();
    for (const std::string& each : names_in(shm_folder)) {
      if (shm_.contains(each)) continue;
      const std::string path = std::string(shm_folder) + "/" + each;
      struct stat is;
      const bool ours = ::lstat(path.c_str(), &is) == 0 && is.st_uid == ::geteuid() && S_ISREG(is.st_mode);
      if (ours && !used_by_others(path)) left.push_back(path);
    }
    return left.empty();
  });
  std::error_code ignored;
  for (const std::string& path : left) {
    out.push_back("shared memory " + path);
    fs::remove(path, ignored);
  }
}

void baseline::check_ipc(std::vector<std::string>& out) const {
  for (const ipc_object& each : ipc_objects()) {
    if (std::ranges::count(ipc_, each) > 0 || !each.is_of_this_tree()) continue;
    out.push_back(each.text() + ": was not removed");
    each.remove();
  }
}

void baseline::check_surroundings(std::vector<std::string>& out) const {
  if (const std::string now = working_directory(); now != folder_) {
    out.push_back("working directory " + now + ": was " + folder_);
    [[maybe_unused]] const int ignored = ::chdir(folder_.c_str());
  }
  const auto now = variables();
  for (const auto& [name, value] : now)
    if (const auto before = environment_.find(name);
        before == environment_.end() || before->second != value) {
      out.push_back("environment: " + name + " was " +
                    (before == environment_.end() ? "not set" : "another"));
      if (before == environment_.end())
        ::unsetenv(name.c_str());
      else
        ::setenv(name.c_str(), before->second.c_str(), 1);
    }
  for (const auto& [name, value] : environment_)
    if (!now.contains(name)) {
      out.push_back("environment: " + name + " was removed");
      ::setenv(name.c_str(), value.c_str(), 1);
    }
}

}  // namespace tractor::harness::detail
