#include "tractor/async/lock.hpp"

#include <stdexcept>

namespace tractor {

bool lock::held_by_me() const noexcept {
  return owner_ != nullptr && owner_ == detail::current_task_or_null();
}

std::size_t lock::waiting() const noexcept {
  std::size_t count = 0;
  waiters_.for_each([&](const waiter&) { ++count; });
  return count;
}

void lock::release() noexcept {
  owner_ = nullptr;
  if (waiters_.empty()) return;
  waiter& next = waiters_.front();
  owner_ = next.task_;
  next.release();
}

void lock::guard::unlock() {
  if (!held_) throw std::logic_error("this guard holds no lock any more");
  if (!held_->held_by_me())
    throw std::logic_error("a lock is freed by the task that acquired it, and this is another one");
  std::exchange(held_, nullptr)->release();
}

bool lock::waiter::await_ready() const {
  detail::raise_if_cancelled();
  if (lock_.held_by_me())
    throw std::logic_error("this task holds the lock already: acquiring it again would wait for ever");
  return false;
}

void lock::waiter::await_suspend(std::coroutine_handle<> at) noexcept {
  block(at);
  if (lock_.owner_) {
    lock_.waiters_.push_back(*this);
  } else {
    lock_.owner_ = task_;
    wake();
  }
}

std::size_t semaphore::waiting() const noexcept {
  std::size_t count = 0;
  waiters_.for_each([&](const waiter&) { ++count; });
  return count;
}

void semaphore::release() {
  if (!waiters_.empty()) {
    waiters_.front().release();
  } else if (free_ == max_) {
    throw std::logic_error("the semaphore holds its maximum of " + std::to_string(max_) +
                           " permits: release() was called more often than acquire()");
  } else {
    ++free_;
  }
}

// A release from here cannot exceed the maximum unless somebody called release() for the permit as well.
semaphore::permit::~permit() {
  if (from_ && (from_->free_ < from_->max_ || !from_->waiters_.empty())) from_->release();
}

void semaphore::waiter::await_suspend(std::coroutine_handle<> at) noexcept {
  block(at);
  if (semaphore_.free_ == 0) {
    semaphore_.waiters_.push_back(*this);
  } else {
    --semaphore_.free_;
    wake();
  }
}

}  // namespace tractor
