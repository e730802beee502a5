// condition: wakes tasks that wait for a state to change.
#pragma once

#include "tractor/async/task.hpp"

namespace tractor {

/// A place to wait for a change; holds no state of its own, so a waiter checks its condition in a loop.
///
/// Tasks of one loop never run at once: between the check and the wait nothing changes, no lock is needed.
/// Neither copied nor moved; must outlive its waiters. Loop thread only.
class TRACTOR_API condition {
 public:
  class waiter;

  condition() = default;
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;

  /// Makes every task that waits now ready to run. Not a checkpoint.
  void notify_all() noexcept;
  /// Waits for the next `notify_all`. A checkpoint.
  waiter wait() noexcept;

 private:
  detail::intrusive_list<waiter, detail::in_waiters> waiters_;
};

class TRACTOR_API_MUST_AWAIT condition::waiter final : public detail::suspension,
                                                       public detail::engine_awaitable,
                                                       public detail::list_hook<detail::in_waiters> {
 public:
  explicit waiter(condition& on) noexcept : condition_(on) {}
  bool await_ready() const {
    detail::raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) noexcept {
    block(at);
    condition_.waiters_.push_back(*this);
  }
  void await_resume() const {
    if (aborted_) detail::raise_cancelled();
  }
  void abort() noexcept override {
    if (!linked()) return;
    unlink();
    aborted_ = true;
    wake();
  }

 private:
  friend class condition;
  condition& condition_;
  bool aborted_ = false;
};

inline void condition::notify_all() noexcept {
  while (!waiters_.empty()) waiters_.pop_front().wake();
}
inline condition::waiter condition::wait() noexcept { return waiter(*this); }

}  // namespace tractor
