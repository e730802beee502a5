#include "tractor/plugin/loop_socket.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "async/watched_fd.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/timeouts.hpp"

namespace tractor {

namespace {

using namespace std::chrono_literals;
constexpr auto backlog_pause = 2ms;
constexpr int max_backlog_tries = 5000;  // 10 s

using parts_view = std::span<const std::span<const std::byte>>;

/// How far a gathered write has come.
class write_cursor {
 public:
  explicit write_cursor(parts_view parts) : parts_(parts) { skip_empty(); }
  bool done() const noexcept { return part_ == parts_.size(); }

  /// Sends as much as one call takes; false with errno set if it took nothing.
  bool send(int fd) noexcept {
    // Not initialised: clearing 16 KiB for each small message would cost more than the call.
    iovec vectors[IOV_MAX];
    std::size_t count = 0;
    std::size_t offset = offset_;
    for (std::size_t i = part_; i < parts_.size() && count < IOV_MAX; ++i) {
      auto* begin = const_cast<std::byte*>(parts_[i].data()) + offset;
      vectors[count++] = iovec{begin, parts_[i].size() - offset};
      offset = 0;
    }
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    advance(static_cast<std::size_t>(sent));
    return true;
  }

 private:
  void advance(std::size_t sent) noexcept {
    while (sent > 0) {
      const std::size_t step = std::min(sent, parts_[part_].size() - offset_);
      offset_ += step;
      sent -= step;
      skip_empty();
    }
  }
  void skip_empty() noexcept {
    while (part_ < parts_.size() && offset_ == parts_[part_].size()) {
      ++part_;
      offset_ = 0;
    }
  }

  parts_view parts_;
  std::size_t part_ = 0;
  std::size_t offset_ = 0;
};

// What a waiting connection may have died of; the listener itself is well.
bool is_peers_own_failure(int number) noexcept {
  switch (number) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EINTR:
      return true;
    default:
      return false;
  }
}

bool is_exhaustion(int number) noexcept {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

int open_reserve() noexcept { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

using attempt_status = asio::detail::reactor_op::status;
using direction = detail::io_attempt::direction;

boost::system::system_error closed(const char* what) {
  return boost::system::system_error(asio::error::operation_aborted, what);
}

}  // namespace

boost::system::system_error socket_failure(int number, const std::string& what) {
  return boost::system::system_error(number, boost::system::system_category(), what);
}

loop_socket::loop_socket(int fd, std::string name) noexcept : fd_(fd), name_(std::move(name)) {}

std::unique_ptr<loop_socket> loop_socket::open(int family, std::string name) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw socket_failure(errno, name + ": cannot open a socket");
  return adopt(fd, std::move(name));
}

std::unique_ptr<loop_socket> loop_socket::adopt(int fd, std::string name) {
  struct closer {
    ~closer() {
      if (fd >= 0) ::close(fd);
    }
    int fd;
  } guard{fd};
  std::unique_ptr<loop_socket> made(new loop_socket(fd, std::move(name)));
  guard.fd = -1;
  try {
    made->watched_ = std::make_unique<detail::watched_fd>(fd);
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), made->name_ + ": cannot watch the socket");
  }
  return made;
}

loop_socket::~loop_socket() { close(); }

boost::system::system_error loop_socket::failure(int number, const char* action) const {
  return socket_failure(number, name_ + ": cannot " + action);
}

void loop_socket::set_option(int level, int option, int value) {
  if (::setsockopt(fd(), level, option, &value, sizeof value) != 0)
    throw failure(errno, "set a socket option");
}

task<> loop_socket::connect(const sockaddr* to, socklen_t size) {
  checkpoint_if_cancelled();
  for (int tries = 0;; ++tries) {
    if (::connect(fd(), to, size) == 0) co_return;
    // A unix socket neither queues nor signals when the listener's backlog is full.
    if (errno != EAGAIN || to->sa_family != AF_UNIX || tries == max_backlog_tries) break;
    co_await sleep(backlog_pause);
  }
  // After a signal the attempt goes on in the background, as it does after EINPROGRESS.
  if (!watched_ || (errno != EINPROGRESS && errno != EINTR)) throw failure(errno, "connect");
  int number = 0;
  const int socket = fd();
  auto settled = [socket, &number]() noexcept {
    socklen_t length = sizeof number;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &length) != 0) number = errno;
    sockaddr_storage peer;
    length = sizeof peer;
    if (number == 0 && ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
      if (errno == ENOTCONN) return attempt_status::not_done;
      number = errno;
    }
    return attempt_status::done;
  };
  const bool open = co_await detail::trying(*watched_, direction::write, settled);
  if (!open) throw closed("connect: the socket was closed");
  if (number != 0) throw failure(number, "connect");
}

void loop_socket::listen() {
  if (::listen(fd(), SOMAXCONN) != 0) throw failure(errno, "listen");
  reserve_ = open_reserve();
}

bool loop_socket::connection_waits() noexcept {
  pollfd state{fd(), POLLIN, 0};
  return ::poll(&state, 1, 0) != 0;
}

void loop_socket::drop_one_connection() noexcept {
  if (reserve_ >= 0) ::close(reserve_);
  const int dropped = ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (dropped >= 0) ::close(dropped);
  reserve_ = open_reserve();
}

// Before the call, not after it: a cancel must not lose a connection, a flood must not starve others.
task<int> loop_socket::accept() {
  int accepted = -1;
  int number = 0;
  auto take = [this, &accepted, &number]() noexcept {
    do {
      accepted = ::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      number = accepted < 0 ? errno : 0;
    } while (is_peers_own_failure(number));
    // The kernel takes a descriptor first and looks at the queue second, so this may be no news at all.
    const bool nothing_waits = number == EAGAIN || (is_exhaustion(number) && !connection_waits());
    return nothing_waits ? attempt_status::not_done : attempt_status::done;
  };
  co_await checkpoint();
  if (!watched_) throw failure(EBADF, "accept a connection");
  const bool open = co_await detail::trying(*watched_, direction::read, take);
  if (!open) throw closed("accept: the listener was closed");
  if (accepted < 0) {
    if (is_exhaustion(number)) drop_one_connection();
    throw failure(number, "accept a connection");
  }
  if (reserve_ < 0) reserve_ = open_reserve();
  co_return accepted;
}

task<std::size_t> loop_socket::read_some(std::span<std::byte> into) {
  if (into.empty()) throw std::invalid_argument("read_some needs room for at least one byte");
  if (!watched_) throw failure(EBADF, "read");
  watched_->watch_end();
  const int socket = fd();
  ssize_t count = 0;
  int number = 0;
  auto receive = [socket, into, &count, &number]() noexcept {
    do {
      count = ::recv(socket, into.data(), into.size(), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    number = count < 0 ? errno : 0;
    if (number == EAGAIN) return attempt_status::not_done;
    // Less than was asked for: there is no more, and what comes later wakes us.
    const bool drained = count > 0 && static_cast<std::size_t>(count) < into.size();
    return drained ? attempt_status::done_and_exhausted : attempt_status::done;
  };
  const bool open = co_await detail::trying(*watched_, direction::read, receive);
  // This object may be gone by now, if it was closed while we waited.
  if (!open) throw closed("read: the stream was closed");
  if (count < 0) throw failure(number, "read");
  co_return static_cast<std::size_t>(count);
}

task<> loop_socket::write_all(parts_view parts) {
  checkpoint_if_cancelled();
  write_cursor cursor(parts);
  int number = 0;
  const int socket = fd();
  auto send = [socket, &cursor, &number]() noexcept {
    while (!cursor.done()) {
      if (cursor.send(socket) || errno == EINTR) continue;
      number = errno == EAGAIN ? 0 : errno;
      return errno == EAGAIN ? attempt_status::not_done : attempt_status::done;
    }
    return attempt_status::done;
  };
  if (send() == attempt_status::not_done) {
    const bool open = co_await detail::trying(*watched_, direction::write, send);
    if (!open) throw closed("write: the stream was closed");
  }
  if (number != 0) throw failure(number, "write");
}

std::size_t loop_socket::write_now(std::span<const std::byte> bytes) {
  for (;;) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) throw failure(errno, "write");
  }
}

void loop_socket::shutdown_write() noexcept {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void loop_socket::shutdown_both() noexcept {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void loop_socket::close() noexcept {
  watched_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
}

}  // namespace tractor
