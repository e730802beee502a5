#include "tractor/runtime/run_leftovers.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "plugin/process_end.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor {
namespace {

namespace fs = std::filesystem;

// Whoever lives holds the lock. A pid would not do: in another namespace it is another process, or none.
owned_fd lock_of_the_dead(const std::string& folder) {
  owned_fd open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat is {};
  const bool dead = open && ::fstat(open.get(), &is) == 0 && is.st_uid == ::geteuid() &&
                    ::flock(open.get(), LOCK_EX | LOCK_NB) == 0;
  return owned_fd(dead ? open.release() : -1);
}

std::string run_in_environment_of(int pid) {
  const std::string base = "/tmp/" + run_folder_prefix("run");
  const std::string environment = '\0' + detail::read_proc(pid, "environ");
  for (const char* const name : {"XDG_RUNTIME_DIR", "TRACTOR_KEY_FILE", "TMPDIR"}) {
    const std::string start = '\0' + std::string(name) + '=';
    const std::size_t at = environment.find(start + base);
    if (at == environment.npos) continue;
    const std::size_t from = at + start.size();
    const std::size_t end = environment.find_first_of(std::string("/\0", 2), from + base.size());
    return environment.substr(from, end - from);
  }
  return {};
}

// The folder of the test run that a process belongs to; empty if it belongs to none. A title may have taken
// the place of its environment, but not of that of whoever has made it.
std::string run_of(int pid) {
  for (; pid > 1; pid = detail::parent_of(pid))
    if (std::string run = run_in_environment_of(pid); !run.empty()) return run;
  return {};
}

// Somebody in another pid namespace, who does not see the processes, may have removed the folder.
bool is_of_dead_run(int pid) {
  const std::string run = run_of(pid);
  return !run.empty() && (!fs::exists(run) || lock_of_the_dead(run));
}

}  // namespace

std::string run_folder_prefix(std::string_view state) {
  return "tractor-" + std::string(state) + "-" + std::to_string(::geteuid()) + "-";
}

leftovers find_dead_runs() {
  leftovers found;
  std::error_code ignored;
  const std::string born = run_folder_prefix("run"), newborn = run_folder_prefix("new");
  for (const auto& entry : fs::directory_iterator("/tmp", ignored)) {
    const std::string name = entry.path().filename();
    // Not locked yet: only age tells that its owner is dead.
    const bool unborn =
        name.starts_with(newborn) &&
        fs::file_time_type::clock::now() - entry.last_write_time(ignored) > std::chrono::minutes(1);
    if (!name.starts_with(born) && !unborn) continue;
    const std::string path = entry.path();
    if (lock_of_the_dead(path)) found.emplace_back("folder", path, 0, "the test run that made it is dead");
  }
  return found;
}

leftovers find_processes_of_dead_runs() {
  leftovers found;
  detail::for_each_process([&](int pid, const std::string& title) {
    if (pid != ::getpid() && is_of_dead_run(pid))
      found.emplace_back("process", title, pid, "of the test run " + run_of(pid) + ", which is dead");
  });
  return found;
}

reap_report end_processes_of_dead_runs(const leftovers& found, std::chrono::milliseconds grace) {
  return detail::end_processes(found, &is_of_dead_run, "its test run lives: not touched", grace);
}

reap_report remove_runs(const leftovers& found) {
  reap_report report;
  std::vector<std::pair<std::string, std::string>> users;
  if (!found.empty())
    detail::for_each_process([&](int pid, const std::string& title) {
      if (std::string run = run_of(pid); !run.empty() && pid != ::getpid())
        users.emplace_back(std::move(run), "a process of it lives: " + std::to_string(pid) + " " + title);
    });
  for (leftover each : found) {
    // Held until it is gone: nobody else removes it meanwhile.
    const owned_fd lock = lock_of_the_dead(each.name);
    const auto user = std::ranges::find(users, each.name, &std::pair<std::string, std::string>::first);
    std::error_code error;
    if (lock && user == users.end()) fs::remove_all(each.name, error);
    const bool gone = !fs::exists(each.name);
    if (!gone)
      each.detail = !lock ? "a test run uses it" : user != users.end() ? user->second : error.message();
    (gone ? report.removed : report.failed).push_back(std::move(each));
  }
  return report;
}

}  // namespace tractor
