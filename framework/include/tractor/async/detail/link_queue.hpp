// A bounded queue between a task and an asio coroutine of the same loop.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "tractor/async/channel_errors.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/condition.hpp"
#include "tractor/async/detail/ring.hpp"
#include "tractor/detail/asio_awaitable.hpp"

namespace tractor::detail {

/// Wakes an asio coroutine: a timer that never expires and is cancelled, which costs no system call.
class asio_condition {
 public:
  explicit asio_condition(asio::io_context& context)
      : timer_(context, asio::steady_timer::time_point::max()) {}
  /// Throws `operation_aborted` at a coroutine that is cancelled: at its next wait, if not in this one.
  asio::awaitable<void> wait() {
    boost::system::error_code woken;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  void notify_all() noexcept { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

/// One direction of a link. Each operation comes in two forms, one for each kind of coroutine.
template <class T> class link_queue {
 public:
  link_queue(asio::io_context& context, std::size_t capacity) : capacity_(capacity), asio_changed_(context) {}
  link_queue(const link_queue&) = delete;
  link_queue& operator=(const link_queue&) = delete;

  task<> send(T item) {
    co_await checkpoint();
    while (!push(item)) co_await task_changed_.wait();
  }
  task<std::optional<T>> next() {
    co_await checkpoint();
    for (;;) {
      std::optional<T> item = pop();
      if (item || closed_) co_return item;
      co_await task_changed_.wait();
    }
  }
  asio::awaitable<void> asio_send(T item) {
    while (!push(item)) co_await asio_changed_.wait();
  }
  asio::awaitable<std::optional<T>> asio_next() {
    for (;;) {
      std::optional<T> item = pop();
      if (item || closed_) co_return item;
      co_await asio_changed_.wait();
    }
  }
  /// Queues `item`, or says false when there is no room; throws when it is of no use to send.
  bool push(T& item) {
    if (closed_) throw closed_resource();
    if (abandoned_) throw broken_channel("the other side of this link has ended: nobody would get this item");
    if (items_.size() >= capacity_) return false;
    items_.push(std::move(item));
    changed();
    return true;
  }
  /// The sender sends no more: what is queued can still be received.
  void close() noexcept {
    closed_ = true;
    changed();
  }
  /// The receiver receives no more.
  void abandon() noexcept {
    abandoned_ = true;
    items_.clear();
    changed();
  }

 private:
  std::optional<T> pop() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(items_.pop());
    changed();
    return item;
  }
  void changed() noexcept {
    task_changed_.notify_all();
    asio_changed_.notify_all();
  }

  ring<T> items_;
  const std::size_t capacity_;
  condition task_changed_;
  asio_condition asio_changed_;
  bool closed_ = false;
  bool abandoned_ = false;
};

}  // namespace tractor::detail
