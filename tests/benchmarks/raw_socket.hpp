// What the raw programs of the benchmarks share: a connected pair of sockets, and the child at its other end.
#pragma once

#include <functional>

namespace bench {

/// Returns `value`; throws `std::system_error` with errno if it is negative.
int must(int value, const char* what);

/// A child process at the other end of a connected socket. Neither copied nor moved.
class raw_child {
 public:
  /// Forks a child that calls `work(socket)` and exits. The socket is a unix stream socket, or tcp over
  /// loopback with TCP_NODELAY. Throws `std::system_error`.
  raw_child(bool unix_socket, const std::function<void(int socket)>& work);
  raw_child(const raw_child&) = delete;
  raw_child& operator=(const raw_child&) = delete;
  /// Closes our end and reaps the child.
  ~raw_child();

  /// Our end; blocking.
  int socket() const noexcept { return socket_; }

 private:
  int socket_ = -1;
  int pid_ = 0;
};

}  // namespace bench
