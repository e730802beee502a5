// event: one flag that tasks wait for.
#pragma once

#include "tractor/async/task.hpp"

namespace tractor {

/// A flag that starts unset, is set once, and stays set.
///
/// Waiters are woken in the order they came. Neither copied nor moved; must outlive its waiters. Loop thread
/// only.
class TRACTOR_API event {
 public:
  class waiter;

  event() = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  bool is_set() const noexcept { return set_; }
  /// Sets the flag and makes every waiter ready; idempotent. Not a checkpoint.
  void set() noexcept;
  /// Waits until the flag is set. A checkpoint, also when it is set already.
  waiter wait() noexcept;

 private:
  detail::intrusive_list<waiter, detail::in_waiters> waiters_;
  bool set_ = false;
};

class TRACTOR_API_MUST_AWAIT event::waiter final : public detail::queued, public detail::engine_awaitable {
 public:
  explicit waiter(event& on) noexcept : event_(on) {}
  /// Moves only before it is awaited, so that deadlines take it: `fail_after(1s, ev.wait())`.
  waiter(waiter&& other) noexcept : event_(other.event_) {}
  bool await_ready() const {
    detail::raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) noexcept;
  void await_resume() const { raise_if_aborted(); }

 private:
  event& event_;
};

inline event::waiter event::wait() noexcept { return waiter(*this); }

}  // namespace tractor
