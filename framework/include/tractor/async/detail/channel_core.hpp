// What both kinds of channel are made of: the queue, and those who wait at its two sides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tractor/async/channel_errors.hpp"
#include "tractor/async/detail/body.hpp"
#include "tractor/async/detail/ring.hpp"
#include "tractor/async/task.hpp"

// A variable and not a requires-expression inside the assertion: clang prints that one badly.
#define TRACTOR_CHECK_ITEM(T, A)                                                                       \
  static_assert((::tractor::detail::safe_arg<A> && ...),                                               \
                "g++ 12 destroys a temporary aggregate in a co_await twice; write send(a, b) instead " \
                "of send(item{a, b}), or name the item: send(x), send_moved(x)");                      \
  static_assert(::tractor::detail::makes_item<T, A...>,                                                \
                "no item of this channel can be made from these arguments")

namespace tractor {

template <class T> class sending;
template <class T, bool Throwing> class receiving_item;
/// What `receive()` returns: to be awaited, once; yields the item.
template <class T> using receiving = receiving_item<T, true>;
/// What `next()` returns: to be awaited, once; yields the item, or nothing at the end.
template <class T> using receiving_next = receiving_item<T, false>;

namespace detail {

struct channel_maker;

template <class T, class... A> inline constexpr bool makes_item = std::is_constructible_v<T, A...>;

/// Why a wait at a channel ended without an item changing hands.
enum class channel_end : std::uint8_t { none, closed, broken };

template <class T> class receiver : public queued, public engine_awaitable {
 public:
  explicit receiver(std::uint64_t side) noexcept : side(side) {}
  const std::uint64_t side;
  std::optional<T> item;
  channel_end end = channel_end::none;
};

template <class T> class channel_core {
 public:
  explicit channel_core(std::size_t capacity) noexcept : capacity_(capacity) {}
  channel_core(const channel_core&) = delete;
  channel_core& operator=(const channel_core&) = delete;

  std::uint64_t new_side() noexcept { return ++last_side_; }
  void add_sender() noexcept { ++senders_open_; }
  void add_receiver() noexcept { ++receivers_open_; }
  bool send_closed() const noexcept { return senders_open_ == 0; }

  void check_send() const {
    if (senders_open_ == 0) throw closed_resource();
    if (receivers_open_ == 0) throw broken_channel();
  }
  /// Hands `item` over or queues it; leaves it alone and says false when it has to wait.
  bool offer(T& item) {
    if (!receivers_.empty()) {
      receiver<T>& to = receivers_.front();
      to.item.emplace(std::move(item));
      to.release();
      return true;
    }
    if (queue_.size() >= capacity_) return false;
    queue_.push(std::move(item));
    return true;
  }
  /// Takes the oldest item, and lets the first waiting sender go on.
  bool take(std::optional<T>& into) {
    if (!senders_.empty()) {
      sending<T>& from = senders_.front();
      queue_.push(std::move(*from.item_));
      from.release();
    }
    if (queue_.empty()) return false;
    into.emplace(queue_.pop());
    return true;
  }
  void send_nowait(T& item) {
    check_send();
    if (!offer(item)) throw would_block();
  }
  T receive_nowait() {
    std::optional<T> item;
    if (take(item)) return std::move(*item);
    if (send_closed()) throw end_of_channel();
    throw would_block();
  }

  void close_sender(std::uint64_t side) noexcept {
    --senders_open_;
    end_senders([side](const sending<T>& waiting) { return waiting.side_ == side; }, channel_end::closed);
    if (senders_open_ > 0) return;
    while (!receivers_.empty()) receivers_.front().release();
  }
  void close_receiver(std::uint64_t side) noexcept {
    receivers_.for_each([side](receiver<T>& waiting) {
      if (waiting.side != side) return;
      waiting.end = channel_end::closed;
      waiting.release();
    });
    if (--receivers_open_ > 0) return;
    end_senders([](const sending<T>&) { return true; }, channel_end::broken);
    queue_.clear();
  }

  void enqueue(sending<T>& sender) noexcept { senders_.push_back(sender); }
  void enqueue(receiver<T>& waiting) noexcept { receivers_.push_back(waiting); }
  channel_statistics statistics() const noexcept {
    channel_statistics now;
    now.queued = queue_.size();
    now.capacity = capacity_;
    now.open_senders = senders_open_;
    now.open_receivers = receivers_open_;
    senders_.for_each([&](const sending<T>&) { ++now.waiting_senders; });
    receivers_.for_each([&](const receiver<T>&) { ++now.waiting_receivers; });
    return now;
  }

 private:
  template <class Match> void end_senders(Match matches, channel_end why) noexcept {
    senders_.for_each([&](sending<T>& waiting) {
      if (!matches(waiting)) return;
      waiting.end_ = why;
      waiting.release();
    });
  }

  const std::size_t capacity_;
  ring<T> queue_;
  intrusive_list<sending<T>, in_waiters> senders_;
  intrusive_list<receiver<T>, in_waiters> receivers_;
  std::size_t senders_open_ = 1;
  std::size_t receivers_open_ = 1;
  std::uint64_t last_side_ = 0;
};

template <class T> channel_core<T>& open_end(const std::shared_ptr<channel_core<T>>& core) {
  if (!core) throw closed_resource();
  return *core;
}

}  // namespace detail

/// What `send()` returns: to be awaited, once. Holds the item until the channel takes it.
template <class T>
class TRACTOR_MUST_AWAIT sending final : public detail::queued, public detail::engine_awaitable {
 public:
  template <class... A>
  sending(detail::channel_core<T>& core, std::uint64_t side, A&&... args)
      : core_(core), side_(side), item_(std::in_place, std::forward<A>(args)...) {}
  /// Moves only before it is awaited.
  sending(sending&& other) : core_(other.core_), side_(other.side_), item_(std::move(other.item_)) {}

  bool await_ready() const {
    detail::raise_if_cancelled();
    core_.check_send();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) {
    const bool taken = core_.offer(*item_);
    block(at);
    if (taken)
      wake();
    else
      core_.enqueue(*this);
  }
  void await_resume() const {
    raise_if_aborted();
    if (end_ == detail::channel_end::closed) throw closed_resource();
    if (end_ == detail::channel_end::broken) throw broken_channel();
  }

 private:
  friend class detail::channel_core<T>;
  detail::channel_core<T>& core_;
  const std::uint64_t side_;
  std::optional<T> item_;
  detail::channel_end end_ = detail::channel_end::none;
};

template <class T, bool Throwing> class TRACTOR_MUST_AWAIT receiving_item final : public detail::receiver<T> {
 public:
  receiving_item(detail::channel_core<T>& core, std::uint64_t side) noexcept
      : detail::receiver<T>(side), core_(core) {}
  /// Moves only before it is awaited.
  receiving_item(receiving_item&& other) noexcept : receiving_item(other.core_, other.side) {}

  bool await_ready() const {
    detail::raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) {
    const bool over = core_.take(this->item) || core_.send_closed();
    this->block(at);
    if (over)
      this->wake();
    else
      core_.enqueue(*this);
  }
  std::conditional_t<Throwing, T, std::optional<T>> await_resume() {
    this->raise_if_aborted();
    if (this->end == detail::channel_end::closed) throw closed_resource();
    if constexpr (Throwing) {
      if (!this->item) throw end_of_channel();
      return std::move(*this->item);
    } else {
      return std::move(this->item);
    }
  }

 private:
  detail::channel_core<T>& core_;
};

}  // namespace tractor
