#include "runtime_folder.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace bench {

namespace {

constexpr const char* shared_memory = "/dev/shm";

bool is_in_memory(const char* path) {
  struct statfs info {};
  return ::statfs(path, &info) == 0 && info.f_type == TMPFS_MAGIC;
}

[[noreturn]] void wait_and_remove(const char* folder, int end_of_life) {
  // A Ctrl-C of the terminal is not for it.
  ::setsid();
  // No child of the measured process: that waits for all it has.
  if (::fork() != 0) ::_exit(0);
  ::dup2(end_of_life, STDIN_FILENO);
  ::execl("/bin/sh", "sh", "-c", "exec >/dev/null 2>&1; read -r _; exec rm -rf -- \"$0\"", folder, nullptr);
  ::_exit(1);
}

}  // namespace

runtime_folder_in_memory::runtime_folder_in_memory() {
  const char* const given = std::getenv("XDG_RUNTIME_DIR");
  was_set_ = given != nullptr;
  if (given) before_ = given;
  if ((given && is_in_memory(given)) || !is_in_memory(shared_memory) ||
      ::access(shared_memory, W_OK | X_OK) != 0)
    return;
  std::string path = std::string(shared_memory) + "/tractor-bench-XXXXXX";
  if (!::mkdtemp(path.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp " + path);
  path_ = path;
  ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  const int helper = ::fork();
  if (helper == 0) {
    life_.write.reset();
    wait_and_remove(path_.c_str(), life_.read.get());
  }
  // Without it the folder is left if we are killed, no more.
  if (helper > 0) ::waitpid(helper, nullptr, 0);
  life_.read.reset();
}

runtime_folder_in_memory::~runtime_folder_in_memory() {
  if (path_.empty()) return;
  if (was_set_)
    ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
  else
    ::unsetenv("XDG_RUNTIME_DIR");
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bench
