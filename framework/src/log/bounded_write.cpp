#include "log/bounded_write.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

namespace tractor::log::detail {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto reader_bound = 200ms;

constinit std::atomic<bool> unread = false;

bool needs_reader(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

// Not by O_NONBLOCK, which all who share the pipe would have.
ssize_t write_at_once(int fd, std::string_view text) noexcept {
  const iovec whole{const_cast<char*>(text.data()), text.size()};
  const ssize_t done = ::pwritev2(fd, &whole, 1, -1, RWF_NOWAIT);
  if (done >= 0 || errno != EOPNOTSUPP) return done;
  // A kernel that cannot do so for pipes (before 6.4) has room for this much when it says that there is some,
  // unless another process is quicker.
  pollfd room{fd, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
}

// Signals come all the time, perhaps: they must not make it longer.
bool has_room(int fd, clock::time_point until) noexcept {
  if (unread) return false;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd room{fd, POLLOUT, 0};
    const int ready = ::poll(&room, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready > 0 && left > 0) return true;
    if (ready < 0 && errno == EINTR && left > 0) continue;
    unread = true;
    return false;
  }
}

}  // namespace

bool write_bounded(int fd, std::string_view text) noexcept {
  const bool to_reader = needs_reader(fd);
  clock::time_point until = clock::now() + reader_bound;
  while (!text.empty()) {
    const ssize_t done = to_reader ? write_at_once(fd, text) : ::write(fd, text.data(), text.size());
    if (done > 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
      unread = false;
      until = clock::now() + reader_bound;
    } else if (done < 0 && errno == EAGAIN) {
      if (!has_room(fd, until)) break;
    } else if (done == 0 || errno != EINTR) {
      break;
    }
  }
  return text.empty();
}

void forget_full_pipe() noexcept { unread = false; }

}  // namespace tractor::log::detail
