// One connection that carries messages.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tractor/async/condition.hpp"
#include "tractor/async/detail/turn_end.hpp"
#include "tractor/async/task.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/msg/frame.hpp"
#include "tractor/msg/messages.hpp"
#include "tractor/plugin/actor_id.hpp"
#include "tractor/plugin/byte_stream.hpp"

namespace tractor::ipc {

/// What a peer can do beyond the reference's protocol; announced in its first message.
enum class capability : std::uint64_t { heartbeat = 1, credit = 2, challenge = 4, native = 8, registry = 16 };

/// A connection to one peer: frames in, frames out.
///
/// Sending never suspends: frames gather in a queue that is sent at the end of the turn, many in one system
/// call; what the stream does not take at once waits for `run_writer`. Neither copied nor moved; held by
/// those who talk through it. One task receives, one runs the writer. Loop thread only.
class TRACTOR_API channel final : private detail::turn_end {
 public:
  explicit channel(std::unique_ptr<byte_stream> stream, const msg::frame_limits& limits = {});
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// The peer's identity as it declared it; empty before the handshake.
  const actor_id& peer() const noexcept { return peer_; }
  bool peer_is_registrar() const noexcept { return peer_is_registrar_; }
  bool peer_can(capability what) const noexcept {
    return (peer_caps_ & static_cast<std::uint64_t>(what)) != 0;
  }
  address local() const { return stream_->local(); }
  address remote() const { return stream_->remote(); }
  std::optional<peer_credentials> credentials() const { return stream_->credentials(); }
  /// True while messages can be sent.
  bool connected() const noexcept { return !closed_ && !broken_; }
  /// True once nothing can be received either; after a failed write that takes until all is read.
  bool closed() const noexcept { return closed_; }
  /// `name@uuid at /ip4/…`, for errors and logs.
  std::string describe_peer() const;

  /// Queues one message. Not a checkpoint. Throws `transport_closed` when the connection is gone.
  template <class Message> void send(const Message& message) {
    check_open();
    msg::append_frame(queue_, message, limits_.max_frame);
    announce();
  }
  /// Queues a Started, Yield or Return whose payload `put(writer&)` encodes in place.
  template <class Header, class Put> void send_with(const Header& header, Put&& put) {
    check_open();
    msg::append_frame_with(queue_, header, std::forward<Put>(put), limits_.max_frame);
    announce();
  }
  /// Queues a frame that begins with `head` (of `msg::yield_head`); `put(writer&)` encodes its payload in
  /// place.
  template <class Put> void send_after(msg::byte_view head, Put&& put) {
    check_open();
    msg::append_frame_after(queue_, head, std::forward<Put>(put), limits_.max_frame);
    announce();
  }
  /// Bytes that wait to be sent.
  std::size_t queued() const noexcept { return queue_.size() + sending_.size() - sent_; }
  /// Waits until less than `bound` bytes wait, or the connection is gone. A checkpoint.
  task<> wait_queued_below(std::size_t bound);
  /// Waits until all that was queued has been handed to the kernel, or the connection is gone. A checkpoint.
  task<> flush();

  /// The next message's body among those received already; nothing when more bytes are needed.
  ///
  /// The body lives until the next `receive_more`. Throws `msg::codec_error` for a frame above the limit.
  std::optional<msg::byte_view> next_buffered() { return parser_.next(); }
  /// Reads more bytes; yields false at the end of the stream. A checkpoint.
  ///
  /// Throws `transport_closed` when the stream ends inside a message or by a fault.
  task<bool> receive_more();
  /// The next message's body; nothing at the end of the stream. A checkpoint unless one is buffered.
  task<std::optional<msg::byte_view>> receive();

  /// Sends what the stream does not take at once, until the connection is closed; runs as one task for the
  /// channel's life.
  ///
  /// A failed write ends our direction: the next `send` throws `transport_closed` for it, and so does a
  /// `receive` once all that had arrived is read.
  task<> run_writer();
  /// Makes `run_writer` return as soon as nothing waits for it, so that it can be run elsewhere from then on.
  void release_writer() noexcept;
  /// Ends our direction once everything queued is sent.
  task<> shutdown();
  /// Closes at once; pending operations end with an error. Idempotent.
  void close() noexcept;
  /// When something last arrived from the peer.
  time_point last_received() const noexcept { return last_received_; }

  /// How often something has arrived: as many items as come with one read cost one turn of the loop.
  std::uint64_t reads() const noexcept { return reads_; }

  /// Set by the handshake.
  void set_peer(actor_id peer, std::uint64_t caps, bool is_registrar) noexcept;
  void set_authenticated() noexcept { parser_.set_max_frame(limits_.max_frame); }

 private:
  void check_open() const {
    if (!connected()) [[unlikely]]
      fail_closed();
  }
  [[noreturn]] void fail_closed() const;
  void announce();
  void at_turn_end() noexcept override;
  void fail_write(const std::string& why, transport_closed::cause cause) noexcept;

  std::unique_ptr<byte_stream> stream_;
  msg::frame_limits limits_;
  msg::frame_parser parser_;
  std::size_t read_size_;
  msg::buffer queue_;
  msg::buffer sending_;    // what the writer is at
  std::size_t sent_ = 0;   // bytes at the front of `sending_` that are gone
  bool stalled_ = false;   // the writer has something to do, and until it is done nobody else writes
  bool released_ = false;  // the writer is to return
  condition work_;         // one of these two has changed, or the channel is closed
  condition drained_;      // a write has completed, or the channel is closed
  actor_id peer_;
  std::uint64_t peer_caps_ = 0;
  bool peer_is_registrar_ = false;
  bool closed_ = false;
  bool broken_ = false;  // a write has failed: what has arrived is still read
  std::string fault_;
  transport_closed::cause cause_ = transport_closed::cause::fault;  // of the fault
  time_point last_received_;
  std::uint64_t reads_ = 0;
};

}  // namespace tractor::ipc
