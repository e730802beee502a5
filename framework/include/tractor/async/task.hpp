// task<T>: the coroutine type of everything asynchronous.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "tractor/async/detail/frame_pool.hpp"
#include "tractor/async/detail/task_state.hpp"

namespace tractor {

template <class T = void> class task;

namespace detail {

template <class T> inline constexpr bool is_task = false;
template <class T> inline constexpr bool is_task<task<T>> = true;

[[noreturn]] TRACTOR_API void refuse_second_await();

/// Awaitables of the engine carry this tag; nothing else may be awaited inside a task. Attributes are not
/// inherited, so each also says `TRACTOR_MUST_AWAIT` or `TRACTOR_API_MUST_AWAIT`.
struct engine_awaitable {};
#define TRACTOR_MUST_AWAIT [[nodiscard("it waits only when it is awaited: write co_await before it")]]
// g++ 12 does not take TRACTOR_API beside an attribute in brackets.
#define TRACTOR_API_MUST_AWAIT TRACTOR_MUST_AWAIT [[gnu::visibility("default")]]

template <class P> class task_awaiter;

/// Stands for an awaitable by reference: g++ 12 would copy one that await_transform returns as an xvalue.
template <class A> class awaitable_ref {
 public:
  explicit awaitable_ref(A& to) noexcept : to_(to) {}
  bool await_ready() const { return to_.await_ready(); }
  void await_suspend(std::coroutine_handle<> at) const { to_.await_suspend(at); }
  decltype(auto) await_resume() const { return to_.await_resume(); }

 private:
  A& to_;
};

struct promise_base : frame_record {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  task_state* owner = nullptr;
  std::coroutine_handle<> continuation;
  std::exception_ptr error;

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> self) const noexcept {
      promise_base& promise = self.promise();
      if (promise.continuation) {
        promise.owner->leaf = promise.caller;
        promise.owner->next = promise.continuation;
      } else {
        promise.owner->leaf = nullptr;
        promise.owner->done = true;
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend(std::source_location here = std::source_location::current()) noexcept {
    made = here;
    return {};
  }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  template <class T>
  auto await_transform(task<T>&& awaited, std::source_location here = std::source_location::current()) {
    waiting = here;
    return task_awaiter<typename task<T>::promise_type>(awaited.handle_);
  }
  template <class T> auto await_transform(task<T>&) {
    static_assert(sizeof(T*) == 0, "a task is awaited once: write co_await std::move(t)");
  }
  template <class A>
  auto await_transform(A&& awaitable, std::source_location here = std::source_location::current()) {
    static_assert(std::is_base_of_v<engine_awaitable, std::remove_cvref_t<A>>,
                  "this cannot be awaited in a tractor task: await a task<T>, or an asio operation started "
                  "with use_task");
    waiting = here;
    return awaitable_ref<std::remove_reference_t<A>>(awaitable);
  }
};

template <class T> struct task_promise final : promise_base {
  task<T> get_return_object() noexcept;
  template <class U = T> void return_value(U&& value) {
    static_assert(std::is_convertible_v<U, T>,
                  "what stands after co_return does not convert to the task's value type by itself");
    if constexpr (std::is_convertible_v<U, T>) result.emplace(std::forward<U>(value));
  }
  T take() {
    if (error) std::rethrow_exception(std::move(error));
    return std::move(*result);
  }
  std::optional<T> result;
};

template <> struct task_promise<void> final : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (error) std::rethrow_exception(std::move(error));
  }
};

template <class P> class task_awaiter {
 public:
  explicit task_awaiter(std::coroutine_handle<P> child) noexcept : child_(child) {}
  bool await_ready() const {
    if (!child_ || child_.promise().owner) refuse_second_await();
    return false;
  }
  template <class Q> void await_suspend(std::coroutine_handle<Q> caller) const noexcept {
    promise_base& parent = caller.promise();
    promise_base& promise = child_.promise();
    promise.owner = parent.owner;
    promise.caller = &parent;
    promise.continuation = caller;
    parent.owner->leaf = &promise;
    parent.owner->next = child_;
  }
  decltype(auto) await_resume() const { return child_.promise().take(); }

 private:
  std::coroutine_handle<P> child_;
};

}  // namespace detail

/// A computation that starts when it is awaited and yields one `T`, or throws.
///
/// Owns its coroutine frame; move-only; awaited at most once, as an rvalue (`co_await f()` or
/// `co_await std::move(t)`). Awaiting a task is not itself a checkpoint: what it does inside may be.
template <class T> class [[nodiscard("a task does nothing until it is awaited")]] task {
 public:
  static_assert(
      !std::is_reference_v<T>,
      "a task yields a value: return a pointer or a std::reference_wrapper in place of a reference");
  using value_type = T;
  using promise_type = detail::task_promise<T>;

  task(task && other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  /// Names the function that made this task.
  std::source_location origin() const noexcept { return handle_.promise().made; }

 private:
  friend promise_type;
  friend detail::promise_base;
  friend class task_nursery;
  friend class detail::event_loop;
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> release() noexcept { return std::exchange(handle_, {}); }

  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
template <class T> task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}
}  // namespace detail
}  // namespace tractor
