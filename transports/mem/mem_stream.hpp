// A connection within one process.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "tractor/async/condition.hpp"
#include "tractor/plugin/byte_stream.hpp"

namespace tractor::mem {

/// One direction of a connection: what was written and not read yet. Shared by its two ends.
class pipe {
 public:
  /// A writer waits while so much is unread, as with a socket.
  static constexpr std::size_t room = 256 * 1024;

  /// Takes as much as there is room for; returns how much. Throws a broken pipe once the reader is gone.
  std::size_t put(std::span<const std::byte> bytes);
  /// Moves up to `into.size()` bytes there; returns how many.
  std::size_t take(std::span<std::byte> into) noexcept;
  /// No more comes from the writer.
  void end() noexcept;
  /// What is unread is lost, and the reader gets an error in its place.
  void reset() noexcept;
  /// Nobody will read any more: what is unread is gone.
  void abandon() noexcept;

  bool empty() const noexcept { return bytes_.empty(); }
  bool ended() const noexcept { return ended_; }
  bool was_reset() const noexcept { return reset_; }
  condition changed;

 private:
  std::deque<std::byte> bytes_;
  bool ended_ = false, reset_ = false, abandoned_ = false;
};

/// One end of a connection between two tasks of one loop.
class mem_stream final : public byte_stream {
 public:
  mem_stream(std::shared_ptr<pipe> in, std::shared_ptr<pipe> out, address local, address remote);
  ~mem_stream() override;

  task<std::size_t> read_some(std::span<std::byte> into) override;
  task<> write_all(std::span<const std::span<const std::byte>> parts) override;
  std::size_t write_now(std::span<const std::byte> bytes) override;
  void shutdown_write() noexcept override { out_->end(); }
  void shutdown_both() noexcept override;
  void close() noexcept override;
  address local() const override { return local_; }
  address remote() const override { return remote_; }
  /// The peer is this very process.
  std::optional<peer_credentials> credentials() const override;

 private:
  const std::shared_ptr<pipe> in_, out_;
  // Shared with operations that wait, which may outlive the stream.
  class state {
   public:
    std::string name;  // of the peer, for errors
    bool closed = false;
  };
  const std::shared_ptr<state> state_ = std::make_shared<state>();
  const address local_, remote_;
};

/// Makes both ends of a connection to `where`: the one that called, and the one that listens.
std::pair<std::unique_ptr<mem_stream>, std::unique_ptr<mem_stream>> make_ends(const address& where,
                                                                              const address& caller);

}  // namespace tractor::mem
