#include <fcntl.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "log/text.hpp"
#include "tractor/ipc/handshake.hpp"

namespace tractor::ipc {

namespace {

using key_bytes = std::array<std::byte, 32>;
namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw handshake_error("the key file " + path.string() + " " + why);
}

std::optional<key_bytes> read_key(const fs::path& path) {
  // Not to wait for a writer, should somebody have put a pipe there.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(path, std::string("cannot be read: ") + std::strerror(errno));
  }
  struct stat info {};
  key_bytes key;
  const bool known = ::fstat(fd, &info) == 0;
  const ssize_t count = ::read(fd, key.data(), key.size());
  ::close(fd);
  if (!known || !S_ISREG(info.st_mode)) fail(path, "is not a regular file: remove it");
  if (info.st_uid != ::geteuid()) fail(path, "belongs to another user: remove it");
  if ((info.st_mode & 077) != 0)
    fail(path, "can be read by others: chmod 600 it, or remove it for a new key");
  if (count != static_cast<ssize_t>(key.size()) || info.st_size != count)
    fail(path, "is not 32 bytes long: remove it for a new key");
  return key;
}

// Written aside and linked into place, so that two first users agree on one key and nobody reads half of one.
void make_key(const fs::path& path) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  const std::string aside = path.string() + "." + std::to_string(::getpid());
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    fail(path, std::string("cannot be made: ") + std::strerror(errno) +
                   ": set TRACTOR_KEY_FILE to where it can be made");
  key_bytes key;
  const bool good = ::getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size()) &&
                    ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size());
  ::close(fd);
  if (good) ::link(aside.c_str(), path.c_str());
  ::unlink(aside.c_str());
  if (!good) fail(path, "cannot be written");
}

}  // namespace

std::string user_key_path() {
  const auto variable = [](const char* name) {
    const char* const text = ::getenv(name);
    return std::string(text ? text : "");
  };
  if (std::string file = variable("TRACTOR_KEY_FILE"); !file.empty()) {
    // Each child with a working directory of its own would find another one.
    if (!file.starts_with('/'))
      throw handshake_error("TRACTOR_KEY_FILE: expected a whole path, from /, found " +
                            log::detail::in_quotes(file));
    return file;
  }
  if (const std::string config = variable("XDG_CONFIG_HOME"); config.starts_with('/'))
    return config + "/tractor/key";
  std::string home = variable("HOME");
  if (!home.starts_with('/'))
    if (const passwd* const user = ::getpwuid(::geteuid())) home = user->pw_dir;
  if (home.starts_with('/')) return home + "/.config/tractor/key";
  throw handshake_error(
      "there is no place for the user's key: set HOME, XDG_CONFIG_HOME or TRACTOR_KEY_FILE");
}

key_bytes load_user_key() {
  const fs::path path = user_key_path();
  if (auto known = read_key(path)) return *known;
  make_key(path);
  if (auto made = read_key(path)) return *made;
  fail(path, "could not be made");
}

const key_bytes& user_key() {
  static const key_bytes key = load_user_key();
  return key;
}

}  // namespace tractor::ipc
