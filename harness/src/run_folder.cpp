#include "run_folder.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "test_result.hpp"

namespace tractor::harness::detail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path base = "/tmp";

// Short: the path of a socket has about a hundred bytes.
std::string prefix(std::string_view state) {
  return "tractor-" + std::string(state) + "-" + std::to_string(::geteuid()) + "-";
}

owned_fd open_folder(const std::string& path) {
  return owned_fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Whoever lives holds the lock. A pid would not do: in another namespace it is another process, or none.
void remove_if_dead(const fs::path& folder) {
  const owned_fd open = open_folder(folder);
  struct stat is {};
  if (!open || ::fstat(open.get(), &is) != 0 || is.st_uid != ::geteuid()) return;
  if (::flock(open.get(), LOCK_EX | LOCK_NB) != 0) return;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

void remove_folders_of_dead_runs() noexcept {
  std::error_code ignored;
  const std::string born = prefix("run"), newborn = prefix("new");
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename();
    const bool run = name.starts_with(born);
    // Not locked yet: only age tells that its owner is dead.
    const bool unborn =
        name.starts_with(newborn) && fs::file_time_type::clock::now() - entry.last_write_time(ignored) > 60s;
    if (run || unborn) remove_if_dead(entry.path());
  }
}

namespace {

[[noreturn]] void cannot_make(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), "cannot make a folder for this run at " + path);
}

}  // namespace

run_folder::run_folder() : own_(true) {
  remove_folders_of_dead_runs();
  std::string unborn = base / (prefix("new") + "XXXXXX");
  if (!::mkdtemp(unborn.data())) cannot_make(unborn);
  lock_.reset(open_folder(unborn).release());
  path_ = base / (prefix("run") + unborn.substr(unborn.size() - 6));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 || ::rename(unborn.c_str(), path_.c_str()) != 0)
    cannot_make(unborn);
  furnish();
}

run_folder::run_folder(std::string made) : path_(std::move(made)) { furnish(); }

void run_folder::furnish() {
  for (const char* part : {runtime_part, temporary_part, scratch_part})
    if (::mkdir((path_ + part).c_str(), 0700) != 0) cannot_make(path_ + part);
  ::setenv("XDG_RUNTIME_DIR", (path_ + runtime_part).c_str(), 1);
  ::setenv("TMPDIR", (path_ + temporary_part).c_str(), 1);
  ::setenv("TRACTOR_KEY_FILE", (path_ + "/key").c_str(), 1);
}

run_folder::~run_folder() {
  std::error_code ignored;
  if (own_) fs::remove_all(path_, ignored);
}

std::string set_aside(const std::string& folder, const std::string& test) {
  std::string place = base / (prefix("kept") + file_name_of(test) + "-XXXXXX");
  // A folder takes the place of an empty one.
  if (!::mkdtemp(place.data()) || ::rename(folder.c_str(), place.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot move it to " + place);
  return place;
}

bool make_shm_private() noexcept {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
}

}  // namespace tractor::harness::detail
