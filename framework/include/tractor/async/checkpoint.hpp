// Letting others run.
#pragma once

#include "tractor/async/task.hpp"

namespace tractor {

namespace detail {
/// Goes to the end of the ready queue and on from there.
class TRACTOR_API_MUST_AWAIT yield_awaiter final : public suspension, public engine_awaitable {
 public:
  explicit yield_awaiter(bool cancellable = true) noexcept : cancellable_(cancellable) {}
  yield_awaiter(yield_awaiter&& other) noexcept : cancellable_(other.cancellable_) {}
  bool await_ready() const {
    if (cancellable_) raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) noexcept {
    block(at);
    wake();
  }
  void await_resume() const {
    if (cancellable_) raise_if_cancelled();
  }
  void abort() noexcept override {}

 private:
  bool cancellable_;
};
}  // namespace detail

/// Lets other tasks and I/O run; raises `cancelled` if the task's scope is cancelled by then. Never sleeps.
inline detail::yield_awaiter checkpoint() noexcept { return detail::yield_awaiter(); }

/// Raises `cancelled` if the task's scope is cancelled; never gives up control.
inline void checkpoint_if_cancelled() { detail::raise_if_cancelled(); }

}  // namespace tractor
