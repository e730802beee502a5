#include "tractor/async/event.hpp"

namespace tractor {

void event::set() noexcept {
  set_ = true;
  while (!waiters_.empty()) waiters_.front().release();
}

void event::waiter::await_suspend(std::coroutine_handle<> at) noexcept {
  block(at);
  if (event_.set_)
    wake();
  else
    event_.waiters_.push_back(*this);
}

}  // namespace tractor
