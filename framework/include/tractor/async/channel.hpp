// Channels: typed queues between tasks of one loop, with back-pressure.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "tractor/async/detail/channel_core.hpp"

namespace tractor {

/// A bounded queue that tasks of one loop send into and receive from.
///
/// A sender waits while the queue is full, a receiver while it is empty, each served in the order they came;
/// with capacity 0 every send waits for its receiver. A cancelled receiver loses no item and a cancelled
/// sender leaves none. For several producers that each say when they are done see `open_channel`. Neither
/// copied nor moved; must outlive its waiters. Loop thread only.
template <class T> class channel {
 public:
  explicit channel(std::size_t capacity) : core_(capacity) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Makes an item from `args` in place and sends it. A checkpoint; throws `closed_resource` after `close()`.
  template <class... A> sending<T> send(A&&... args) {
    TRACTOR_CHECK_ITEM(T, A);
    return sending<T>(core_, own_side, std::forward<A>(args)...);
  }
  /// Sends `item` by moving from it, whatever comes of the send. A checkpoint.
  sending<T> send_moved(T& item) { return sending<T>(core_, own_side, std::move(item)); }
  /// Sends without waiting, or throws `would_block`. Not a checkpoint.
  template <class... A> void send_nowait(A&&... args) {
    T item(std::forward<A>(args)...);
    core_.send_nowait(item);
  }

  /// Waits for an item. A checkpoint; throws `end_of_channel` when it is closed and drained.
  receiving<T> receive() noexcept { return receiving<T>(core_, own_side); }
  /// Waits for an item or the end: `while (auto m = co_await ch.next())`. A checkpoint.
  receiving_next<T> next() noexcept { return receiving_next<T>(core_, own_side); }
  /// Takes an item that is there, or throws `would_block`, or `end_of_channel`. Not a checkpoint.
  T receive_nowait() { return core_.receive_nowait(); }

  /// Ends the sending side: what is queued can still be received. Waiting senders throw `closed_resource`;
  /// idempotent. Not a checkpoint.
  void close() noexcept {
    if (!core_.send_closed()) core_.close_sender(own_side);
  }
  bool closed() const noexcept { return core_.send_closed(); }
  channel_statistics statistics() const noexcept { return core_.statistics(); }

 private:
  static constexpr std::uint64_t own_side = 0;
  detail::channel_core<T> core_;
};

/// The sending end of a channel made by `open_channel`.
///
/// Move-only; `clone()` makes a further end. The channel ends for its receivers when the last sending end is
/// closed or destroyed. Every operation on a closed end throws `closed_resource`. Loop thread only.
template <class T> class send_channel {
 public:
  send_channel(send_channel&& other) noexcept : core_(std::move(other.core_)), side_(other.side_) {}
  send_channel& operator=(send_channel&& other) noexcept {
    close();
    core_ = std::move(other.core_);
    side_ = other.side_;
    return *this;
  }
  ~send_channel() { close(); }

  /// Makes an item from `args` in place and sends it. A checkpoint.
  ///
  /// Throws `broken_channel` when no receiving end is left.
  template <class... A> sending<T> send(A&&... args) {
    TRACTOR_CHECK_ITEM(T, A);
    return sending<T>(detail::open_end(core_), side_, std::forward<A>(args)...);
  }
  /// Sends `item` by moving from it, whatever comes of the send. A checkpoint.
  sending<T> send_moved(T& item) { return sending<T>(detail::open_end(core_), side_, std::move(item)); }
  /// Sends without waiting, or throws `would_block`. Not a checkpoint.
  template <class... A> void send_nowait(A&&... args) {
    detail::channel_core<T>& core = detail::open_end(core_);
    T item(std::forward<A>(args)...);
    core.send_nowait(item);
  }

  /// Makes a further sending end of the same channel.
  send_channel clone() const {
    detail::open_end(core_).add_sender();
    return send_channel(core_);
  }
  /// Closes this end; idempotent. Tasks that wait to send through it throw `closed_resource`.
  void close() noexcept {
    if (auto core = std::exchange(core_, nullptr)) core->close_sender(side_);
  }
  bool closed() const noexcept { return !core_; }
  channel_statistics statistics() const { return detail::open_end(core_).statistics(); }

 private:
  friend struct detail::channel_maker;
  explicit send_channel(std::shared_ptr<detail::channel_core<T>> core)
      : core_(std::move(core)), side_(core_->new_side()) {}

  std::shared_ptr<detail::channel_core<T>> core_;
  std::uint64_t side_;
};

/// The receiving end of a channel made by `open_channel`.
///
/// Move-only; `clone()` makes a further end, and each item goes to one of them. When the last one is closed
/// or destroyed, what is queued is dropped and senders throw `broken_channel`. Every operation on a closed
/// end throws `closed_resource`. Loop thread only.
template <class T> class receive_channel {
 public:
  receive_channel(receive_channel&& other) noexcept : core_(std::move(other.core_)), side_(other.side_) {}
  receive_channel& operator=(receive_channel&& other) noexcept {
    close();
    core_ = std::move(other.core_);
    side_ = other.side_;
    return *this;
  }
  ~receive_channel() { close(); }

  /// Waits for an item. A checkpoint; throws `end_of_channel` when all senders are closed and it is drained.
  receiving<T> receive() { return receiving<T>(detail::open_end(core_), side_); }
  /// Waits for an item or the end: `while (auto m = co_await rx.next())`. A checkpoint.
  receiving_next<T> next() { return receiving_next<T>(detail::open_end(core_), side_); }
  /// Takes an item that is there, or throws `would_block`, or `end_of_channel`. Not a checkpoint.
  T receive_nowait() { return detail::open_end(core_).receive_nowait(); }

  /// Makes a further receiving end of the same channel.
  receive_channel clone() const {
    detail::open_end(core_).add_receiver();
    return receive_channel(core_);
  }
  /// Closes this end; idempotent. Tasks that wait to receive through it throw `closed_resource`.
  void close() noexcept {
    if (auto core = std::exchange(core_, nullptr)) core->close_receiver(side_);
  }
  bool closed() const noexcept { return !core_; }
  channel_statistics statistics() const { return detail::open_end(core_).statistics(); }

 private:
  friend struct detail::channel_maker;
  explicit receive_channel(std::shared_ptr<detail::channel_core<T>> core)
      : core_(std::move(core)), side_(core_->new_side()) {}

  std::shared_ptr<detail::channel_core<T>> core_;
  std::uint64_t side_;
};

namespace detail {
struct channel_maker {
  template <class T> static std::pair<send_channel<T>, receive_channel<T>> make(std::size_t capacity) {
    auto core = std::make_shared<channel_core<T>>(capacity);
    return {send_channel<T>(core), receive_channel<T>(core)};
  }
};
}  // namespace detail

/// Makes a channel as two ends that can be cloned and given away: `auto [tx, rx] = open_channel<int>(4);`.
template <class T> std::pair<send_channel<T>, receive_channel<T>> open_channel(std::size_t capacity) {
  return detail::channel_maker::make<T>(capacity);
}

}  // namespace tractor
