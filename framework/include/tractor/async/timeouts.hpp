// Deadlines and sleeping. Durations run on the loop's clock.
#pragma once

#include <stdexcept>

#include "tractor/async/cancel_scope.hpp"

namespace tractor {

/// Reports that a `fail_after` or `fail_at` block missed its deadline.
class TRACTOR_API too_slow_error : public std::runtime_error {
 public:
  too_slow_error();
  explicit too_slow_error(const std::string& what) : std::runtime_error(what) {}
};

/// Suspends the current task until `when`. A checkpoint.
TRACTOR_API task<> sleep_until(time_point when);
/// Suspends the current task for `span`; zero and less is a plain checkpoint. A checkpoint.
TRACTOR_API task<> sleep(duration span);
/// Suspends the current task until it is cancelled. A checkpoint.
TRACTOR_API task<> sleep_forever();

namespace detail {
TRACTOR_API time_point deadline_in(duration span) noexcept;
// A span without end stands for a point in time.
[[noreturn]] TRACTOR_API void fail_too_slow(duration span);

template <class T, class F> task<timed<T>> move_on(duration span, F body) {
  cancel_scope scope(deadline_in(span));
  co_return co_await scope.run(body);
}
template <class T, class F> task<T> fail(duration span, time_point at, F body) {
  cancel_scope scope(at == time_point::max() ? deadline_in(span) : at);
  timed<T> done = co_await scope.run(body);
  if (scope.cancelled_caught()) fail_too_slow(span);
  if constexpr (!std::is_void_v<T>) co_return std::move(*done);
}
}  // namespace detail

/// Runs `body` (or awaits a task) and cuts it off after `span`; yields `timed<T>`, never throws for lateness.
///
/// The time runs from when the result is awaited.
template <class F> auto move_on_after(duration span, F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::move_on<value, detail::held<F>>(span, std::forward<F>(body));
}

/// Like `move_on_after`, with a point in time.
template <class F> auto move_on_at(time_point when, F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::scope_run<value, detail::held<F>>(when, false, std::forward<F>(body));
}

/// Runs `body` (or awaits a task); throws `too_slow_error` when it is cut off after `span`. Yields its value.
template <class F> auto fail_after(duration span, F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::fail<value, detail::held<F>>(span, time_point::max(), std::forward<F>(body));
}

/// Like `fail_after`, with a point in time.
template <class F> auto fail_at(time_point when, F&& body) {
  TRACTOR_CHECK_BODY(F, cancel_scope, "[&](cancel_scope& s) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, cancel_scope>;
  return detail::fail<value, detail::held<F>>(duration::max(), when, std::forward<F>(body));
}

}  // namespace tractor
