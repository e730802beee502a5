// Blocking work in a thread of its own.
#pragma once

#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "tractor/async/detail/body.hpp"
#include "tractor/async/task.hpp"

namespace tractor {

/// Lets a cancelled caller of `run_in_thread` go on at once, while the thread runs to its end unattended.
struct abandon_on_cancel_t {
  explicit abandon_on_cancel_t() = default;
};
inline constexpr abandon_on_cancel_t abandon_on_cancel{};

namespace detail {

class thread_awaiter;

/// What a cancel of the waiting task does.
enum class on_thread_cancel { nothing, request_stop, abandon };

/// The work of one worker thread and what became of it.
class TRACTOR_API thread_job {
 public:
  thread_job() = default;
  thread_job(const thread_job&) = delete;
  thread_job& operator=(const thread_job&) = delete;
  virtual ~thread_job() = default;
  /// Runs in the worker thread.
  virtual void run() noexcept = 0;
  void request_stop() { stop_.request_stop(); }

 protected:
  std::stop_source stop_;

 private:
  friend thread_awaiter;
  friend class event_loop;
  thread_awaiter* waiter_ = nullptr;  // loop thread only; null once abandoned
};

TRACTOR_API task<> run_job(std::shared_ptr<thread_job> job, on_thread_cancel policy);

template <class F> inline constexpr bool takes_stop_token = std::is_invocable_v<F&, std::stop_token>;

template <class F> auto call_in_thread(F& fn, std::stop_token token) {
  if constexpr (takes_stop_token<F>)
    return fn(std::move(token));
  else
    return fn();
}
template <class F>
using thread_value = decltype(call_in_thread(std::declval<F&>(), std::declval<std::stop_token>()));

template <class T, class F> class thread_call final : public thread_job {
 public:
  explicit thread_call(F fn) : fn_(std::forward<F>(fn)) {}
  void run() noexcept override {
    try {
      if constexpr (std::is_void_v<T>)
        call_in_thread(fn_, stop_.get_token());
      else
        result_.value.emplace(call_in_thread(fn_, stop_.get_token()));
    } catch (...) {
      result_.error = std::current_exception();
    }
  }
  T take() {
    if (result_.error) std::rethrow_exception(std::move(result_.error));
    if constexpr (!std::is_void_v<T>) return std::move(*result_.value);
  }

 private:
  F fn_;
  body_result<T> result_;
};

template <class T, class F>
task<T> await_thread(std::shared_ptr<thread_call<T, F>> call, on_thread_cancel policy) {
  co_await run_job(call, policy);
  co_return call->take();
}

#define TRACTOR_CHECK_THREAD_FN(F)                                                                        \
  static_assert(::tractor::detail::safe_body<F>,                                                          \
                "a temporary function that captures by value is destroyed twice by g++ 12; capture by "   \
                "reference, or name it on a line of its own and pass the name");                          \
  static_assert(std::is_invocable_v<F&> || ::tractor::detail::takes_stop_token<F>,                        \
                "the function must be callable as [&] {...} or [&](std::stop_token stop) {...}");         \
  static_assert(!::tractor::detail::is_task<::tractor::detail::thread_value<std::remove_reference_t<F>>>, \
                "run_in_thread takes a plain blocking function: a coroutine belongs to the loop's thread")

}  // namespace detail

/// Runs `fn()` in a worker thread and yields its value; other tasks run meanwhile. A checkpoint before it
/// starts.
///
/// At most 40 threads a loop run at once; further calls wait. An error of `fn` is thrown here. A cancel does
/// not reach a plain `fn`: it is awaited first. If `fn` takes a `std::stop_token`, a cancel requests the stop
/// and waits for the return; a value that comes back all the same is yielded, and the next checkpoint raises.
/// `fn` must not touch anything of the loop. All signals are blocked in the thread. Throws
/// `std::system_error` when no thread can be started.
template <class F> auto run_in_thread(F&& fn) {
  TRACTOR_CHECK_THREAD_FN(F);
  using kept = detail::held<F>;
  using value = detail::thread_value<std::remove_reference_t<F>>;
  return detail::await_thread<value, kept>(
      std::make_shared<detail::thread_call<value, kept>>(std::forward<F>(fn)),
      detail::takes_stop_token<F> ? detail::on_thread_cancel::request_stop
                                  : detail::on_thread_cancel::nothing);
}

/// Like `run_in_thread(fn)`, but a cancel ends the wait at once: the thread goes on and its result is
/// dropped.
///
/// `fn` is copied, and must own or share all that it uses: it may outlive the caller, and the loop.
template <class F> auto run_in_thread(abandon_on_cancel_t, F&& fn) {
  TRACTOR_CHECK_THREAD_FN(F);
  using kept = std::decay_t<F>;
  using value = detail::thread_value<kept>;
  return detail::await_thread<value, kept>(
      std::make_shared<detail::thread_call<value, kept>>(std::forward<F>(fn)),
      detail::on_thread_cancel::abandon);
}

}  // namespace tractor
