#include "private_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "tractor/plugin/address.hpp"
#include "tractor/plugin/loop_socket.hpp"
#include "tractor/plugin/runtime_folder.hpp"

namespace tractor::uds {

namespace {

/// The runtime folder, apart into what we trust and what we make.
struct place {
  std::string base;
  std::string name;
};

place runtime_place() {
  const std::string folder = runtime_folder();
  const std::size_t slash = folder.rfind('/');
  return {slash == 0 ? "/" : folder.substr(0, slash), folder.substr(slash + 1)};
}

class open_folder {
 public:
  explicit open_folder(int fd) noexcept : fd_(fd) {}
  open_folder(open_folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  open_folder& operator=(open_folder&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~open_folder() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw address_error("cannot keep sockets in '" + path + "': " + why);
}

std::string advice() { return "; remove it, or set XDG_RUNTIME_DIR to a folder of your own"; }

open_folder open_base(const std::string& base) {
  open_folder folder(::open(base.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0)
    throw socket_failure(errno, "cannot open '" + base + "', which is to hold the folder of sockets");
  struct stat is;
  if (::fstat(folder.fd(), &is) != 0) throw socket_failure(errno, "cannot look at '" + base + "'");
  if (is.st_uid != 0 && is.st_uid != ::geteuid())
    refuse(base, "it belongs to uid " + std::to_string(is.st_uid) + ", and we are uid " +
                     std::to_string(::geteuid()) + "; set XDG_RUNTIME_DIR to a folder of your own");
  if ((is.st_mode & S_IWOTH) && !(is.st_mode & S_ISVTX))
    refuse(base, "everybody may replace what is in it (mode " + std::string("o+w without the sticky bit)"));
  return folder;
}

open_folder enter(const open_folder& parent, const std::string& name, const std::string& path) {
  if (::mkdirat(parent.fd(), name.c_str(), 0700) != 0 && errno != EEXIST)
    throw socket_failure(errno, "cannot make the folder '" + path + "'");
  // Opened first and looked at second: what is checked is what is used.
  open_folder folder(::openat(parent.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat is;
  if (folder.fd() < 0 || ::fstat(folder.fd(), &is) != 0)
    throw socket_failure(errno, "cannot look at '" + path + "'");
  if (S_ISLNK(is.st_mode)) refuse(path, "it is a symbolic link, not a folder" + advice());
  if (!S_ISDIR(is.st_mode)) refuse(path, "it is a file, not a folder" + advice());
  if (is.st_uid != ::geteuid())
    refuse(path, "it belongs to uid " + std::to_string(is.st_uid) + ", and we are uid " +
                     std::to_string(::geteuid()) + advice());
  // By way of /proc, since fchmod does not take a descriptor that stands for a path.
  const std::string self = "/proc/self/fd/" + std::to_string(folder.fd());
  if ((is.st_mode & 0777) != 0700 && ::chmod(self.c_str(), 0700) != 0)
    throw socket_failure(errno, "cannot make the folder '" + path + "' private");
  return folder;
}

}  // namespace

void ensure_private(const std::string& folder) {
  const place at = runtime_place();
  std::string path = runtime_folder();
  if (folder != path && !folder.starts_with(path + "/")) return;
  open_folder here = enter(open_base(at.base), at.name, path);
  std::string rest = folder.substr(path.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string name = rest.substr(1, end - 1);
    path += "/" + name;
    here = enter(here, name, path);
    rest.erase(0, end);
  }
}

}  // namespace tractor::uds
