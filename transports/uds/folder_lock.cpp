#include "folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "tractor/async/checkpoint.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::uds {

using namespace std::chrono_literals;

namespace {
constexpr auto pause = 2ms;
constexpr int tries_of_a_task = 2500;    // 5 s
constexpr int tries_without_loop = 500;  // 1 s
}  // namespace

folder_lock::~folder_lock() {
  if (fd_ >= 0) ::close(fd_);
}

bool folder_lock::try_lock() {
  for (;;) {
    const int fd = ::open(file().c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) throw socket_failure(errno, "cannot open the lock '" + file() + "'");
    if (::flock(fd, how_ | LOCK_NB) != 0) {
      const int number = errno;
      ::close(fd);
      if (number == EWOULDBLOCK) return false;
      throw socket_failure(number, "cannot lock '" + file() + "'");
    }
    // A cleaner of old files may have removed it meanwhile; then the lock that counts is another one.
    struct stat is;
    if (::fstat(fd, &is) == 0 && is.st_nlink > 0) {
      fd_ = fd;
      return true;
    }
    ::close(fd);
  }
}

task<> folder_lock::lock() {
  checkpoint_if_cancelled();
  for (int i = 0; i < tries_of_a_task; ++i) {
    if (try_lock()) co_return;
    co_await sleep(pause);
  }
  throw socket_failure(ETIMEDOUT, "another process holds the lock '" + file() + "' for too long");
}

bool folder_lock::lock_blocking() {
  for (int i = 0; i < tries_without_loop; ++i) {
    if (try_lock()) return true;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

}  // namespace tractor::uds
