#include "run_folder.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "test_result.hpp"
#include "tractor/runtime/run_leftovers.hpp"

namespace tractor::harness::detail {
namespace {

namespace fs = std::filesystem;

const fs::path base = "/tmp";

owned_fd open_folder(const std::string& path) {
  return owned_fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

bool clean_up_after_dead_runs() {
  end_processes_of_dead_runs(find_processes_of_dead_runs());
  return remove_runs(find_dead_runs()).failed.empty();
}

namespace {

[[noreturn]] void cannot_make(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), "cannot make a folder for this run at " + path);
}

}  // namespace

run_folder::run_folder() : own_(true) {
  clean_up_after_dead_runs();
  std::string unborn = base / (run_folder_prefix("new") + "XXXXXX");
  if (!::mkdtemp(unborn.data())) cannot_make(unborn);
  lock_.reset(open_folder(unborn).release());
  path_ = base / (run_folder_prefix("run") + unborn.substr(unborn.size() - 6));
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
  std::string place = base / (run_folder_prefix("kept") + file_name_of(test) + "-XXXXXX");
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
