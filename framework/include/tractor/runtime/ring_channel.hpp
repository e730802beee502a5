// A channel between two actors of one host whose items go through shared memory.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tractor/async/channel_errors.hpp"
#include "tractor/runtime/detail/ring_operation.hpp"
#include "tractor/runtime/shm_element.hpp"
#include "tractor/runtime/shm_segment.hpp"

namespace tractor {

/// The items of a ring for items of any size.
using ring_bytes = std::vector<std::byte>;

/// What may go through a ring: items that are their bytes, all of one size, or bytes of any number.
template <class T>
concept ring_item = std::same_as<T, ring_bytes> || shm_element<T>;

template <ring_item T> class ring_channel;
template <ring_item T> class ring_send_channel;
template <ring_item T> class ring_receive_channel;

namespace detail {
template <ring_item T> std::string ring_element_name() {
  if constexpr (std::same_as<T, ring_bytes>)
    return "bytes";
  else
    return shm_element_name<T>();
}
template <ring_item T> inline constexpr std::size_t ring_element_size = sizeof(T);
template <> inline constexpr std::size_t ring_element_size<ring_bytes> = 0;
}  // namespace detail

/// What `send()` returns: to be awaited, once. Holds the item.
template <ring_item T> class TRACTOR_MUST_AWAIT ring_sending final : public detail::ring_write {
 public:
  ring_sending(detail::ring_sender& to, const T& item) noexcept : ring_write(to, {}), item_(item) {}
  ring_sending(ring_sending&& other) noexcept : ring_write(std::move(other)), item_(other.item_) {}
  bool await_ready() {
    set_item(std::as_bytes(std::span<const T, 1>(&item_, 1)));
    return ring_write::await_ready();
  }

 private:
  T item_;
};

/// What `receive()` and `next()` return: to be awaited, once; yields the item, or nothing at the end.
template <ring_item T, bool Throwing>
class TRACTOR_MUST_AWAIT ring_receiving final : public detail::ring_read {
 public:
  using ring_read::ring_read;
  std::conditional_t<Throwing, T, std::optional<T>> await_resume() {
    if (!has_item()) {
      if constexpr (Throwing)
        throw end_of_channel();
      else
        return std::nullopt;
    }
    if constexpr (std::same_as<T, ring_bytes>) {
      return take_bytes();
    } else {
      T value;
      std::memcpy(&value, item().data(), sizeof(T));
      release();
      return value;
    }
  }
};

/// What `next_view()` returns: to be awaited, once.
class TRACTOR_MUST_AWAIT ring_viewing final : public detail::ring_read {
 public:
  using ring_read::ring_read;
  std::optional<msg::byte_view> await_resume() {
    if (!has_item()) return std::nullopt;
    return item();
  }
};

/// The end that sends. One actor has it, one task at a time uses it.
///
/// Move-only. Closed when it goes: then the receiver gets what is on its way, and the end. Loop thread only.
template <ring_item T> class ring_send_channel {
 public:
  /// Sends an item; waits while there is no room for it. A checkpoint, which lets others run now and then.
  ///
  /// An item of more than half of the ring is sent in pieces as the receiver takes them. When a send is
  /// cancelled the receiver gets all of the item or nothing of it. Throws `broken_channel` when the receiver
  /// has closed its end or died, `closed_resource` after `close()`.
  ring_sending<T> send(const T& item) requires shm_element<T> {
    return ring_sending<T>(handle_.sender(), item);
  }
  /// The same for bytes, of any number: they stay where they are until the send is over.
  detail::ring_write send(msg::byte_view item) requires std::same_as<T, ring_bytes> {
    return detail::ring_write(handle_.sender(), item);
  }

  /// Ends the channel: what was sent can still be received; idempotent. Not a checkpoint.
  void close() noexcept { handle_.close(); }
  bool closed() const noexcept { return handle_.closed(); }

 private:
  friend class ring_channel<T>;
  template <ring_item U> friend task<ring_send_channel<U>> attach_ring_sender(ring_token);
  explicit ring_send_channel(detail::ring_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::ring_handle handle_;
};

/// The end that receives. One actor has it, one task at a time uses it.
///
/// Move-only. A cancelled receive loses nothing. When it is closed, or goes, the sender gets
/// `broken_channel`. Loop thread only.
template <ring_item T> class ring_receive_channel {
 public:
  /// Waits for an item. A checkpoint, which lets others run now and then.
  ///
  /// Throws `end_of_channel` when the sender has closed its end and all is taken, `broken_channel` when it
  /// died instead, or left in the middle of an item; `closed_resource` after `close()`.
  ring_receiving<T, true> receive() { return ring_receiving<T, true>(handle_.receiver()); }
  /// Waits for an item or the end: `while (auto item = co_await rx.next())`. A checkpoint; throws as
  /// `receive`, but not at the end.
  ring_receiving<T, false> next() { return ring_receiving<T, false>(handle_.receiver()); }
  /// As `next`, but yields the item where it lies: in the ring, if it was sent whole. Valid until the next
  /// operation on this end; its room is free from then on.
  ring_viewing next_view() requires std::same_as<T, ring_bytes> { return ring_viewing(handle_.receiver()); }

  /// Tells the sender that nobody receives any more; idempotent. Not a checkpoint.
  void close() noexcept { handle_.close(); }
  bool closed() const noexcept { return handle_.closed(); }

 private:
  friend class ring_channel<T>;
  template <ring_item U> friend task<ring_receive_channel<U>> attach_ring_receiver(ring_token);
  explicit ring_receive_channel(detail::ring_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::ring_handle handle_;
};

/// A ring of shared memory, as the actor sees it that made it with `open_ring_channel`: it hands out the
/// ends.
///
/// One end sends, one receives; each is taken here, or by its token in another actor of this host, once.
/// System calls are made only when one side waits for the other. The memory has no name and goes with the
/// last process that has it. Move-only; when this goes, an end that nobody took counts as dead. Needs a
/// running loop; loop thread only.
template <ring_item T> class ring_channel {
 public:
  /// Bytes, unless told.
  static constexpr std::size_t default_capacity = 10 * 1024;

  const ring_token& token() const noexcept { return detail::token_of(*hub_); }
  /// Bytes: what was asked for, or a little more. Each item takes 8 more than its own.
  std::size_t capacity() const noexcept { return token().capacity; }
  /// Takes an end. Throws `shm_error` when it has been taken.
  ring_send_channel<T> sender() {
    return ring_send_channel<T>(detail::take_ring_end(*hub_, detail::ring_role::sender));
  }
  ring_receive_channel<T> receiver() {
    return ring_receive_channel<T>(detail::take_ring_end(*hub_, detail::ring_role::receiver));
  }

 private:
  template <ring_item U> friend ring_channel<U> open_ring_channel(std::size_t);
  explicit ring_channel(std::shared_ptr<detail::ring_hub> hub) noexcept : hub_(std::move(hub)) {}
  std::shared_ptr<detail::ring_hub> hub_;
};

/// Makes a ring of at least `capacity` bytes, all reserved at once. Not a checkpoint. Throws `shm_error`.
template <ring_item T = ring_bytes>
ring_channel<T> open_ring_channel(std::size_t capacity = ring_channel<T>::default_capacity) {
  return ring_channel<T>(
      detail::open_ring(capacity, detail::ring_element_name<T>(), detail::ring_element_size<T>));
}

/// Takes the sending end of a ring that another actor made. A checkpoint.
///
/// Throws `shm_mismatch` when it is for other items, `shm_error` when that end is taken or its maker is not
/// there (any more).
template <ring_item T = ring_bytes> task<ring_send_channel<T>> attach_ring_sender(ring_token token) {
  co_return ring_send_channel<T>(co_await detail::attach_ring_end(std::move(token), detail::ring_role::sender,
                                                                  detail::ring_element_name<T>(),
                                                                  detail::ring_element_size<T>));
}

/// Takes the receiving end of a ring that another actor made. A checkpoint; throws as `attach_ring_sender`.
template <ring_item T = ring_bytes> task<ring_receive_channel<T>> attach_ring_receiver(ring_token token) {
  co_return ring_receive_channel<T>(
      co_await detail::attach_ring_end(std::move(token), detail::ring_role::receiver,
                                       detail::ring_element_name<T>(), detail::ring_element_size<T>));
}

}  // namespace tractor
