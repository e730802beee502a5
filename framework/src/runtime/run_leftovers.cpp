#include "tractor/runtime/run_leftovers.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

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

reap_report remove_runs(const leftovers& found) {
  reap_report report;
  for (leftover each : found) {
    // Held until it is gone: nobody else removes it meanwhile.
    const owned_fd lock = lock_of_the_dead(each.name);
    std::error_code error;
    if (lock) fs::remove_all(each.name, error);
    const bool gone = !fs::exists(each.name);
    if (!gone) each.detail = lock ? error.message() : "a test run uses it";
    (gone ? report.removed : report.failed).push_back(std::move(each));
  }
  return report;
}

}  // namespace tractor
