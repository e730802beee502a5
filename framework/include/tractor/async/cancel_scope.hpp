// Cancellation: scopes, their nesting, shields and deadlines.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>

#include "tractor/async/detail/body.hpp"
#include "tractor/async/detail/task_state.hpp"
#include "tractor/async/task.hpp"

namespace tractor {

namespace detail {
class start_state;
class deadline_heap;
std::exception_ptr make_cancelled();
}  // namespace detail

/// Unwinds a cancelled task up to the scope that was cancelled.
///
/// Raised by every checkpoint inside a cancelled scope. Not a `std::exception`, so that an ordinary handler
/// does not swallow it; code that catches everything must rethrow. Users cannot make one: cancel a scope
/// instead.
class TRACTOR_API cancelled final {
 public:
  const char* what() const noexcept { return "cancelled"; }

 private:
  friend std::exception_ptr detail::make_cancelled();
  cancelled() = default;
};

namespace detail {
[[noreturn]] TRACTOR_API void fail_no_value();
}

/// What a body under a scope came to: finished with its value, or cut off by the scope.
template <class T = void> class timed {
 public:
  timed() = default;
  explicit timed(T value) : value_(std::move(value)) {}
  /// True when the body ran to its end.
  explicit operator bool() const noexcept { return value_.has_value(); }
  /// True when the scope cut the body off.
  bool cancelled_caught() const noexcept { return !value_.has_value(); }
  /// The body's value; throws `std::logic_error` if there is none.
  T& value() {
    if (!value_) detail::fail_no_value();
    return *value_;
  }
  const T& value() const {
    if (!value_) detail::fail_no_value();
    return *value_;
  }
  /// The body's value, or `other` if it was cut off.
  template <class U> T value_or(U&& other) const {
    return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
};

template <> class timed<void> {
 public:
  timed() = default;
  explicit timed(bool finished) : finished_(finished) {}
  explicit operator bool() const noexcept { return finished_; }
  bool cancelled_caught() const noexcept { return !finished_; }

 private:
  bool finished_ = false;
};

/// A span of work that can be cancelled as one.
///
/// Cancelling is level triggered: once cancelled, every checkpoint inside raises `cancelled` until the scope
/// is left, so swallowing it only delays the end. Scopes nest; a scope absorbs the `cancelled` that it caused
/// and no other. Owned by the code that made it, entered once by `run`; neither copied nor moved. Loop thread
/// only.
class TRACTOR_API cancel_scope : public detail::list_hook<detail::in_parent> {
 public:
  cancel_scope();
  /// Makes a scope that cancels itself at `deadline`.
  explicit cancel_scope(time_point deadline, bool shield = false);
  ~cancel_scope();

  /// Cancels the scope; idempotent. Wakes every blocked task inside, those behind shields excepted.
  void cancel() noexcept;
  /// True once `cancel()` was called or the deadline has passed.
  bool cancel_called() noexcept;
  /// True once the scope has absorbed its own cancellation; meaningful after it was left.
  bool cancelled_caught() const noexcept { return caught_; }

  time_point deadline() const noexcept { return deadline_; }
  /// Moves the deadline; one that has passed cancels at once if the scope is entered, else when it is.
  void set_deadline(time_point deadline);
  bool shield() const noexcept { return shield_; }
  /// Raises or lowers the shield; lowering it under a cancelled parent delivers that cancel at once.
  void set_shield(bool shield) noexcept;

  /// The scope around this one while it is entered; null for the loop's own.
  const cancel_scope* parent() const noexcept { return parent_; }

  /// Runs `body` inside this scope, once. Throws what the body throws, its own `cancelled` excepted.
  ///
  /// The body may take `cancel_scope&` or nothing, or be a task. Yields `timed<T>`.
  template <class F> auto run(F&& body) {
    TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
    return run_impl<detail::body_value<std::remove_reference_t<F>, cancel_scope>, detail::held<F>>(
        *this, std::forward<F>(body));
  }

 private:
  friend class task_nursery;
  friend class detail::event_loop;
  friend class detail::task_state;
  friend class detail::start_state;
  friend class detail::deadline_heap;
  friend struct scope_inspector;
  template <class T, class F> static task<timed<T>> run_impl(cancel_scope& self, F body) {
    self.enter();
    detail::body_result<T> result;
    std::optional<task<T>> work = start_body<T>(body, self, result);
    if (work) co_await detail::settle(*work, result);
    std::exception_ptr rest = self.leave(std::move(result.error));
    if (rest) std::rethrow_exception(rest);
    if constexpr (std::is_void_v<T>) {
      co_return timed<void>(result.finished);
    } else {
      if (!result.value) co_return timed<T>();
      co_return timed<T>(std::move(*result.value));
    }
  }
  // A body that is a plain function may throw before it returns its task.
  template <class T, class F>
  static std::optional<task<T>> start_body(F& body, cancel_scope& self, detail::body_result<T>& result) {
    try {
      return detail::call_body(body, self);
    } catch (...) {
      result.error = std::current_exception();
      return std::nullopt;
    }
  }

  void enter();
  /// Leaves the scope: returns what of `error` is not this scope's own cancellation (null if nothing).
  std::exception_ptr leave(std::exception_ptr error) noexcept;
  void attach(cancel_scope* parent) noexcept;
  void recalculate() noexcept;
  bool parent_cancel_visible() const noexcept { return parent_ && !shield_ && parent_->effective_; }

  cancel_scope* parent_ = nullptr;
  detail::intrusive_list<cancel_scope, detail::in_parent> children_;
  detail::intrusive_list<detail::task_state, detail::in_scope> tasks_;
  detail::event_loop* loop_ = nullptr;           // set while entered
  cancel_scope* next_to_recalculate_ = nullptr;  // chains the worklist of `recalculate`
  time_point deadline_ = time_point::max();
  std::size_t heap_index_ = std::numeric_limits<std::size_t>::max();
  std::uint64_t heap_order_ = 0;  // equal deadlines pass in the order they were set
  bool entered_ = false;
  bool called_ = false;
  bool shield_ = false;
  // Cached: own request, or the parent's unless shielded. May become false again when a shield is raised.
  bool effective_ = false;
  bool caught_ = false;
};

/// Runs `body` in a new scope that it may cancel; yields `timed<T>`.
template <class F> auto with_cancel_scope(F&& body);

/// Runs `body` (or a task) where no cancellation from outside reaches it; returns its value.
///
/// Checkpoints inside do not see outer cancels; the first checkpoint after it does.
template <class F> auto shielded(F&& body);

/// The time of the running loop's clock.
TRACTOR_API time_point current_time() noexcept;
/// The earliest deadline that applies to the current task; `time_point::min()` when it is already cancelled.
TRACTOR_API time_point current_effective_deadline() noexcept;

namespace detail {
template <class T, class F> task<timed<T>> scope_run(time_point deadline, bool shield, F body) {
  cancel_scope scope(deadline, shield);
  co_return co_await scope.run(body);
}
template <class T, class F> task<T> shielded_run(F body) {
  cancel_scope scope(time_point::max(), true);
  timed<T> done = co_await scope.run(body);
  if constexpr (!std::is_void_v<T>) {
    if (!done) throw std::logic_error("the shielded block was cancelled from inside before it had a value");
    co_return std::move(*done);
  }
}
}  // namespace detail

template <class F> auto with_cancel_scope(F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::scope_run<value, detail::held<F>>(time_point::max(), false, std::forward<F>(body));
}

template <class F> auto shielded(F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&]() -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::shielded_run<value, detail::held<F>>(std::forward<F>(body));
}

}  // namespace tractor
