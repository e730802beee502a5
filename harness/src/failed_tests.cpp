#include "failed_tests.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::harness::detail {

namespace {

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

// A descriptor of the file, locked; -1 when there is none and none is to be made. To read it is enough where
// the file is another user's.
int open_locked(const std::string& path, int how) {
  for (;;) {
    owned_fd file(::open(path.c_str(), how | O_CLOEXEC, 0644));
    if (!file && (how & O_CREAT) == 0 && errno == ENOENT) return -1;
    if (!file || ::flock(file.get(), how == O_RDONLY ? LOCK_SH : LOCK_EX) != 0) fail(path);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) fail(path);
    // Another run may have removed it while we waited.
    if (info.st_nlink > 0) return file.release();
  }
}

std::set<std::string> read_names(const owned_fd& file) {
  std::string text;
  char chunk[4096];
  for (ssize_t count; (count = ::read(file.get(), chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(count));
  std::set<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.insert(line);
  return out;
}

}  // namespace

failed_tests failed_tests::of_this_program() {
  return failed_tests(std::filesystem::read_symlink("/proc/self/exe").string() + ".failed");
}

std::set<std::string> failed_tests::names() const {
  const owned_fd file(open_locked(path_, O_RDONLY));
  return file ? read_names(file) : std::set<std::string>();
}

void failed_tests::update(const std::set<std::string>& passed, const std::set<std::string>& failed) const {
  const owned_fd file(open_locked(path_, failed.empty() ? O_RDWR : O_RDWR | O_CREAT));
  if (!file) return;
  std::set<std::string> all = read_names(file);
  for (const std::string& name : passed) all.erase(name);
  all.insert(failed.begin(), failed.end());
  if (all.empty()) {
    ::unlink(path_.c_str());
    return;
  }
  std::string text;
  for (const std::string& name : all) text += name + "\n";
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    fail(path_);
}

}  // namespace tractor::harness::detail
