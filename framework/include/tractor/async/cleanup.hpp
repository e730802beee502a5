// What a handler cannot do: `co_await` is illegal in `catch` and in destructors.
#pragma once

#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/outcome.hpp"
#include "tractor/async/timeouts.hpp"

namespace tractor {

namespace detail {

/// True when `error` is a `cancelled` or a group that holds one.
TRACTOR_API bool holds_cancelled(const std::exception_ptr& error);
[[noreturn]] TRACTOR_API void throw_slow_cleanup(duration bound);
/// Throws the body's error, else the clean-up's; both if the body's is a cancel, which must hide no error.
TRACTOR_API void throw_body_errors(std::exception_ptr of_body, std::exception_ptr of_cleanup);

template <class T, class Body> task<> settle_body(Body& body, body_result<T>& into) {
  int unused = 0;
  std::optional<task<T>> work;
  try {
    work.emplace(call_body(body, unused));
  } catch (...) {
    into.error = std::current_exception();
  }
  if (work) co_await settle(*work, into);
}

template <class T, class Body, class Cleanup>
task<T> run_with_cleanup(Body body, Cleanup cleanup, duration bound) {
  body_result<T> result;
  co_await settle_body<T>(body, result);
  cancel_scope guard(deadline_in(bound), true);
  auto work = guard.run(cleanup);
  body_result<typename decltype(work)::value_type> after;
  co_await settle(work, after);
  throw_body_errors(std::move(result.error), std::move(after.error));
  if (guard.cancelled_caught()) throw_slow_cleanup(bound);
  if constexpr (!std::is_void_v<T>) co_return std::move(*result.value);
}

template <class T, class Body> task<outcome<T>> capture_body(Body body) {
  body_result<T> result;
  co_await settle_body<T>(body, result);
  if (result.error && holds_cancelled(result.error)) std::rethrow_exception(result.error);
  if (result.error) co_return outcome<T>(std::move(result.error));
  if constexpr (std::is_void_v<T>)
    co_return outcome<>();
  else
    co_return outcome<T>(std::move(*result.value));
}

}  // namespace detail

/// Runs `body`, then `cleanup` whatever came of it; yields the body's value.
///
/// The clean-up sees no cancellation from outside and ends after `bound` at the latest. The body's error wins
/// over the clean-up's, but a cancel of the body does not: both are raised then, and the scope that takes the
/// cancel leaves the error. A clean-up that was cut off after a good body is a `too_slow_error`.
template <class Body, class Cleanup> auto with_cleanup(Body&& body, Cleanup&& cleanup, duration bound) {
  TRACTOR_CHECK_BODY(Body, int, "[&]() -> task<> {...}");
  TRACTOR_CHECK_BODY(Cleanup, cancel_scope, "[&]() -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<Body>, int>;
  return detail::run_with_cleanup<value, detail::held<Body>, detail::held<Cleanup>>(
      std::forward<Body>(body), std::forward<Cleanup>(cleanup), bound);
}

/// Awaits `body` (a task, or a callable that makes one) and yields how it ended as `outcome<T>`.
///
/// A `cancelled`, and a group that holds one, is thrown on: it belongs to its scope.
template <class Body> auto capture(Body&& body) {
  TRACTOR_CHECK_BODY(Body, int, "[&]() -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<Body>, int>;
  return detail::capture_body<value, detail::held<Body>>(std::forward<Body>(body));
}

}  // namespace tractor
