#include "log/bounded_write.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <iterator>

namespace tractor::log::detail {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto reader_bound = 200ms;

constinit std::atomic<bool> unread = false;

enum class outlet { file, pipe, socket };

outlet kind_of(int fd) noexcept {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return outlet::file;
  if (S_ISSOCK(info.st_mode)) return outlet::socket;
  return S_ISFIFO(info.st_mode) ? outlet::pipe : outlet::file;
}

// For what the first way is not there: a pipe of a kernel before 6.4, or one with a name.
ssize_t write_by_own_description(int fd, std::string_view text) noexcept {
  char path[32] = "/proc/self/fd/";
  std::to_chars(path + std::strlen(path), std::end(path) - 1, fd);
  const int own = ::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (own >= 0) {
    const ssize_t done = ::write(own, text.data(), text.size());
    const int error = errno;
    ::close(own);
    errno = error;
    return done;
  }
  // This much fits when poll says that there is room, unless another process is quicker.
  pollfd room{fd, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
}

// Not by O_NONBLOCK, which all who share the pipe would have.
ssize_t write_at_once(int fd, outlet kind, std::string_view text) noexcept {
  if (kind == outlet::socket) return ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  const iovec whole{const_cast<char*>(text.data()), text.size()};
  const ssize_t done = ::pwritev2(fd, &whole, 1, -1, RWF_NOWAIT);
  return done >= 0 || errno != EOPNOTSUPP ? done : write_by_own_description(fd, text);
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
  const outlet kind = kind_of(fd);
  clock::time_point until = clock::now() + reader_bound;
  while (!text.empty()) {
    const ssize_t done =
        kind == outlet::file ? ::write(fd, text.data(), text.size()) : write_at_once(fd, kind, text);
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
