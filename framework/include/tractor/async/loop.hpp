// The event loop that runs tasks.
#pragma once

#include <functional>

#include "tractor/async/detail/body.hpp"
#include "tractor/detail/export.hpp"

namespace boost::asio {
class io_context;
}

namespace tractor {

/// How `run_loop` runs.
class loop_options {
 public:
  loop_options() = default;
  /// Uses a virtual clock that jumps to the next deadline whenever every task waits and no I/O is ready.
  ///
  /// Under it a program where all tasks wait for ever throws `std::logic_error` instead of hanging, unless
  /// an asio operation or a signal receiver is pending: that may still end.
  loop_options& autojump_clock(bool on = true) {
    autojump_ = on;
    return *this;
  }
  bool autojump_clock() const noexcept { return autojump_; }

 private:
  bool autojump_ = false;
};

/// The io_context of the loop that runs the current task, for asio operations with `use_task`.
///
/// Throws `std::logic_error` outside of a loop.
TRACTOR_API boost::asio::io_context& this_context();

namespace detail {
/// Runs `main` in a fresh loop on this thread until it has ended.
TRACTOR_API void run_main(task<> main, const loop_options& options);
/// Wakes the loop from another thread: runs `fn` on the loop's thread. Threads must not outlive the loop.
TRACTOR_API void post_to_loop(event_loop& loop, std::function<void()> fn);
/// Counts work that only another thread can finish, so that a test clock does not jump meanwhile.
TRACTOR_API void add_outside_work(event_loop& loop, int delta) noexcept;
/// Called by a handler that will call `run_ready`, before it wakes a task: no turn need be posted for that.
TRACTOR_API void expect_turn(event_loop& loop) noexcept;
/// Called at the end of each handler of an asio operation: runs what became ready.
TRACTOR_API void run_ready(event_loop& loop) noexcept;

template <class T, class F> task<> run_into(F& body, body_result<T>& result) {
  int unused = 0;
  auto work = call_body(body, unused);
  co_await settle(work, result);
}
}  // namespace detail

/// Runs `body` (a callable that returns a task, or a task) in a fresh event loop until it ends; yields its
/// value.
///
/// Blocks the thread; one loop a thread at a time. Throws what the body throws. This is the layer below
/// actors: programs of actors start with `tractor::run`.
template <class F> auto run_loop(F&& body, const loop_options& options = {}) {
  TRACTOR_CHECK_BODY(F&, int, "[&]() -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, int>;
  detail::body_result<value> result;
  detail::run_main(detail::run_into<value>(body, result), options);
  if (result.error) std::rethrow_exception(result.error);
  if constexpr (!std::is_void_v<value>) return std::move(*result.value);
}

}  // namespace tractor
