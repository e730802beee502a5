#include "runtime/dump_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tractor/plugin/runtime_folder.hpp"
#include "tractor/runtime/dump_leftovers.hpp"

namespace tractor::detail {

dump_file::dump_file() : folder_(runtime_folder()) {
  const std::string path = dump_path(::getpid());
  name_ = path.substr(path.rfind('/') + 1);
}

dump_file::~dump_file() {
  if (file_) ::unlinkat(folder_fd_.get(), name_.c_str(), 0);
}

// Whatever stands there under these names, nothing of another user is followed or written to.
bool dump_file::open() noexcept {
  if (file_) return true;
  ::mkdir(folder_.c_str(), 0700);
  folder_fd_.reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat is {};
  if (!folder_fd_ || ::fstat(folder_fd_.get(), &is) != 0 || is.st_uid != ::geteuid() ||
      (is.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return false;
  file_.reset(::openat(folder_fd_.get(), name_.c_str(),
                       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file_ || ::fstat(file_.get(), &is) != 0 || !S_ISREG(is.st_mode)) file_.reset();
  return file_.get() >= 0;
}

bool dump_file::append(std::string_view dump) noexcept {
  if (!open()) return false;
  char end[] = "\n";
  const iovec parts[] = {{const_cast<char*>(dump.data()), dump.size()}, {end, 1}};
  return ::writev(file_.get(), parts, 2) == static_cast<ssize_t>(dump.size() + 1);
}

}  // namespace tractor::detail
