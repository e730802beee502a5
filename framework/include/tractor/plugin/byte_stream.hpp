// One connection, as a transport sees it: bytes in order, both ways.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "tractor/async/task.hpp"
#include "tractor/plugin/address.hpp"

namespace tractor {

/// Who the kernel says is at the other end.
class TRACTOR_API peer_credentials {
 public:
  peer_credentials() = default;
  peer_credentials(int pid, unsigned uid, unsigned gid) : pid(pid), uid(uid), gid(gid) {}
  int pid = 0;
  unsigned uid = 0;
  unsigned gid = 0;
};

/// A connected, reliable, ordered stream of bytes.
///
/// Owned by whoever got it from `listener::accept` or `transport::connect`; neither copied nor moved. At most
/// one task reads and one writes at a time. I/O errors are thrown as `boost::system::system_error`. Loop
/// thread only.
class TRACTOR_API byte_stream {
 public:
  byte_stream() = default;
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;
  virtual ~byte_stream() = default;

  /// Reads at least one byte into `into`; yields how many, 0 at the end of the stream. A checkpoint.
  virtual task<std::size_t> read_some(std::span<std::byte> into) = 0;
  /// Writes all of `parts`, in order, in as few system calls as possible. A checkpoint.
  ///
  /// The parts stay valid until the task ends. After a cancel a prefix may have been sent: the stream is then
  /// only good for `close()`.
  virtual task<> write_all(std::span<const std::span<const std::byte>> parts) = 0;
  /// Writes as much of `bytes` as can go without waiting; yields how many bytes went. Not a checkpoint.
  ///
  /// Called when no `write_all` is under way, at the end of a turn of the loop; what did not go comes by
  /// `write_all`. Throws what that throws. Optional: the default takes nothing.
  virtual std::size_t write_now([[maybe_unused]] std::span<const std::byte> bytes) { return 0; }
  /// Ends our direction; the peer reads the end of the stream.
  virtual void shutdown_write() noexcept = 0;
  /// Ends both directions, as after a failed write: what has arrived can still be read, then comes the end.
  ///
  /// A stream that cannot tell them apart loses what it has not delivered.
  virtual void shutdown_both() noexcept { close(); }
  /// Closes at once and wakes pending operations, which end with an error, never hang. Idempotent.
  virtual void close() noexcept = 0;
  virtual address local() const = 0;
  virtual address remote() const = 0;
  /// Who is at the other end, if the kernel vouches for it: such a peer needs no key.
  virtual std::optional<peer_credentials> credentials() const { return std::nullopt; }
};

}  // namespace tractor
