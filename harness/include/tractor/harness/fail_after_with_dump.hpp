// A bound on one wait of a test, that says what was waited for.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "tractor/async/cleanup.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/async/timeouts.hpp"

namespace tractor::harness {

namespace detail {
/// Looks at the tree of this process, which takes no cancel; yields it as text, with the tasks of its actors.
task<std::string> dump_of_this_tree();
/// Sleeps for `bound` times the run's `--timeout-scale`, then looks; yields what to say.
task<std::string> dump_when_late(duration bound);

template <class T, class F> task<T> run_with_dump(duration bound, F body) {
  std::string late;
  std::optional<outcome<T>> result;
  auto both = [&](task_nursery& nursery) -> task<> {
    nursery.start_soon(task_name("bound with a dump"), [&]() -> task<> {
      late = co_await dump_when_late(bound);
      nursery.scope().cancel();
    });
    result.emplace(co_await capture(body));
    nursery.scope().cancel();
  };
  co_await open_task_nursery(both);
  if (!late.empty()) throw too_slow_error(late);
  if constexpr (std::is_void_v<T>)
    std::move(*result).unwrap();
  else
    co_return std::move(*result).unwrap();
}
}  // namespace detail

/// Like `fail_after`: runs `body` (or awaits a task), and throws `too_slow_error` when it is cut off after
/// `bound` times the run's `--timeout-scale`. Yields its value.
///
/// The error's text has the tree of this process as it was at the bound: what each process waits for and has
/// open, and the tasks of its actors, who have a moment to tell them.
template <class F> auto fail_after_with_dump(duration bound, F&& body) {
  TRACTOR_CHECK_BODY(F, int, "[&]() -> task<> {...}");
  using value = tractor::detail::body_value<std::remove_reference_t<F>, int>;
  return detail::run_with_dump<value, tractor::detail::held<F>>(bound, std::forward<F>(body));
}

}  // namespace tractor::harness
