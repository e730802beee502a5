#include "run_folder.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tractor::harness::detail {
namespace {

namespace fs = std::filesystem;

const fs::path base = "/tmp";

// Short: the path of a socket has about a hundred bytes. The pid tells later runs whether the owner is dead.
std::string prefix() { return "tractor-run-" + std::to_string(::geteuid()) + "-"; }

void sweep() noexcept {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix())) continue;
    struct stat is;
    const int pid = std::atoi(name.c_str() + prefix().size());
    if (pid <= 0 || ::kill(pid, 0) == 0 || errno != ESRCH) continue;
    if (::lstat(entry.path().c_str(), &is) != 0 || is.st_uid != ::geteuid()) continue;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

void remove_folders_of_dead_runs() noexcept { sweep(); }

run_folder::run_folder() {
  sweep();
  std::string name = base / (prefix() + std::to_string(::getpid()) + "-XXXXXX");
  if (!::mkdtemp(name.data()))
    throw std::system_error(errno, std::generic_category(), "cannot make a folder for this run in /tmp");
  path_ = name;
  for (const char* part : {runtime_part, scratch_part}) ::mkdir((path_ + part).c_str(), 0700);
  ::setenv("XDG_RUNTIME_DIR", (path_ + runtime_part).c_str(), 1);
  ::setenv("TRACTOR_KEY_FILE", (path_ + "/key").c_str(), 1);
}

run_folder::~run_folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

bool make_shm_private() noexcept {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
}

}  // namespace tractor::harness::detail
