// Mutual exclusion and counting between tasks of one loop.
#pragma once

#include <cstddef>
#include <utility>

#include "tractor/async/task.hpp"

namespace tractor {

/// Lets one task at a time into a section that contains checkpoints.
///
/// Fair: tasks get it in the order they asked. Neither copied nor moved; must outlive its guards and waiters.
/// Loop thread only. Between threads use `std::mutex`.
class TRACTOR_API lock {
 public:
  class guard;
  class waiter;

  lock() = default;
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;

  /// Waits until the lock is free and takes it: `auto g = co_await l.acquire();`. A checkpoint.
  ///
  /// Throws `std::logic_error` when this task holds it already: it would wait for itself.
  waiter acquire() noexcept;
  bool locked() const noexcept { return owner_ != nullptr; }
  /// True when the current task holds it.
  bool held_by_me() const noexcept;
  std::size_t waiting() const noexcept;

 private:
  void release() noexcept;

  detail::intrusive_list<waiter, detail::in_waiters> waiters_;
  const detail::task_state* owner_ = nullptr;
};

/// Holds a `lock` until it is destroyed. Move-only; must not outlive the lock.
class [[nodiscard("the lock is free again when its guard is gone")]] lock::guard {
 public:
  guard(guard && other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  guard& operator=(guard&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~guard() {
    if (held_) held_->release();
  }
  /// Frees the lock early. Throws `std::logic_error` in a task that is not the one which acquired it.
  TRACTOR_API void unlock();

 private:
  friend class lock;
  explicit guard(lock & held) noexcept : held_(&held) {}
  lock* held_;
};

class TRACTOR_API_MUST_AWAIT lock::waiter final : public detail::queued, public detail::engine_awaitable {
 public:
  explicit waiter(lock& on) noexcept : lock_(on) {}
  waiter(waiter&& other) noexcept : lock_(other.lock_) {}
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> at) noexcept;
  guard await_resume() const {
    raise_if_aborted();
    return guard(lock_);
  }

 private:
  friend class lock;
  lock& lock_;
};

/// Hands out a number of permits.
///
/// Fair: tasks get one in the order they asked. Neither copied nor moved; must outlive its permits and
/// waiters. Loop thread only.
class TRACTOR_API semaphore {
 public:
  class permit;
  class waiter;

  explicit semaphore(std::size_t initial) noexcept : semaphore(initial, static_cast<std::size_t>(-1)) {}
  /// Makes one that never holds more than `max` permits.
  semaphore(std::size_t initial, std::size_t max) noexcept : free_(initial), max_(max) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Waits for a permit: `auto p = co_await s.acquire();`; it goes back when `p` is gone. A checkpoint.
  waiter acquire() noexcept;
  /// Adds a permit. Not a checkpoint. Throws `std::logic_error` above the maximum.
  void release();
  /// Counts the permits that are free.
  std::size_t value() const noexcept { return free_; }
  std::size_t waiting() const noexcept;

 private:
  detail::intrusive_list<waiter, detail::in_waiters> waiters_;
  std::size_t free_;
  const std::size_t max_;
};

/// Gives one permit back when it is destroyed. Move-only; must not outlive the semaphore.
class [[nodiscard("the permit goes back when this is gone")]] semaphore::permit {
 public:
  permit(permit && other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
  permit& operator=(permit&& other) noexcept {
    std::swap(from_, other.from_);
    return *this;
  }
  TRACTOR_API ~permit();
  /// Keeps the permit out: somebody calls `release()` for it later.
  void keep() noexcept { from_ = nullptr; }

 private:
  friend class semaphore;
  explicit permit(semaphore & from) noexcept : from_(&from) {}
  semaphore* from_;
};

class TRACTOR_API_MUST_AWAIT semaphore::waiter final : public detail::queued,
                                                       public detail::engine_awaitable {
 public:
  explicit waiter(semaphore& on) noexcept : semaphore_(on) {}
  waiter(waiter&& other) noexcept : semaphore_(other.semaphore_) {}
  bool await_ready() const {
    detail::raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) noexcept;
  permit await_resume() const {
    raise_if_aborted();
    return permit(semaphore_);
  }

 private:
  friend class semaphore;
  semaphore& semaphore_;
};

inline lock::waiter lock::acquire() noexcept { return waiter(*this); }
inline semaphore::waiter semaphore::acquire() noexcept { return waiter(*this); }

}  // namespace tractor
