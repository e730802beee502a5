// What transports over stream sockets share: one non-blocking socket on the loop, and a byte_stream over it.
#pragma once

#include <sys/socket.h>

#include <boost/system/system_error.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "tractor/async/task.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/plugin/byte_stream.hpp"

namespace tractor {

namespace detail {
class watched_fd;
}

/// Makes the error for a failed system call: `number` is its errno, `what` says who wanted what.
TRACTOR_API boost::system::system_error socket_failure(int number, const std::string& what);

/// One stream socket of any address family on the running loop: connects, listens, accepts, reads or writes.
///
/// Owns its descriptor, which is non-blocking and closed on exec. Neither copied nor moved. Lives and dies on
/// the loop thread, inside the loop that ran when it was made; outlives the tasks that use it. Every failure
/// is a `boost::system::system_error` that begins with the name given to the socket.
class TRACTOR_API loop_socket {
 public:
  /// Opens a new socket of `family` (`AF_…`). `name` is what errors call it, e.g. the address it is for.
  static std::unique_ptr<loop_socket> open(int family, std::string name);
  /// Adopts `fd`, which the caller made non-blocking and closed on exec; closes it even when this throws.
  static std::unique_ptr<loop_socket> adopt(int fd, std::string name);
  ~loop_socket();
  loop_socket(const loop_socket&) = delete;
  loop_socket& operator=(const loop_socket&) = delete;

  /// The descriptor; -1 once closed. Stays owned by this object.
  int fd() const noexcept { return fd_; }
  const std::string& name() const noexcept { return name_; }
  void set_option(int level, int option, int value);

  /// Connects to `to`, which stays valid until the task ends. A checkpoint.
  ///
  /// A unix listener whose queue is full is tried again for ten seconds.
  task<> connect(const sockaddr* to, socklen_t size);
  /// Makes a bound socket listen, and sets a descriptor aside for the day when there are none left.
  void listen();
  /// Waits for a connection; yields its descriptor, non-blocking and closed on exec. A checkpoint.
  ///
  /// Connections that broke while they waited are passed over. When the process (`too_many_files_open`) or
  /// the machine is out of descriptors or memory, one waiting connection is dropped, so that the listener
  /// does not spin on it, and the error is thrown: the socket stays usable, the caller pauses and retries.
  task<int> accept();
  /// Reads at least one byte; yields 0 at the end of the stream. A checkpoint.
  task<std::size_t> read_some(std::span<std::byte> into);
  /// Writes all of `parts`, with one system call if they fit into the socket's buffer. A checkpoint.
  task<> write_all(std::span<const std::span<const std::byte>> parts);
  /// Writes what fits into the socket's buffer, with one system call; yields how many bytes. Not a
  /// checkpoint.
  std::size_t write_now(std::span<const std::byte> bytes);
  void shutdown_write() noexcept;
  /// Ends both directions: what has arrived can still be read.
  void shutdown_both() noexcept;
  /// Closes; pending operations end with `operation_aborted`. Idempotent.
  void close() noexcept;

 private:
  loop_socket(int fd, std::string name) noexcept;
  boost::system::system_error failure(int number, const char* action) const;
  bool connection_waits() noexcept;
  void drop_one_connection() noexcept;

  int fd_;
  std::string name_;
  std::unique_ptr<detail::watched_fd> watched_;  // null once closed
  int reserve_ = -1;  // listening sockets only: given up for a moment when descriptors run out
};

/// A `byte_stream` over a connected socket.
class TRACTOR_API socket_stream final : public byte_stream {
 public:
  /// Takes over a connected socket.
  socket_stream(std::unique_ptr<loop_socket> socket, address local, address remote,
                std::optional<peer_credentials> peer = std::nullopt)
      : socket_(std::move(socket)), local_(std::move(local)), remote_(std::move(remote)), peer_(peer) {}

  task<std::size_t> read_some(std::span<std::byte> into) override { return socket_->read_some(into); }
  task<> write_all(std::span<const std::span<const std::byte>> parts) override {
    return socket_->write_all(parts);
  }
  std::size_t write_now(std::span<const std::byte> bytes) override { return socket_->write_now(bytes); }
  void shutdown_write() noexcept override { socket_->shutdown_write(); }
  void shutdown_both() noexcept override { socket_->shutdown_both(); }
  void close() noexcept override { socket_->close(); }
  address local() const override { return local_; }
  address remote() const override { return remote_; }
  std::optional<peer_credentials> credentials() const override { return peer_; }

 private:
  std::unique_ptr<loop_socket> socket_;
  address local_;
  address remote_;
  std::optional<peer_credentials> peer_;
};

}  // namespace tractor
