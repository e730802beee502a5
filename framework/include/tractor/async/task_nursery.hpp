// A nursery of tasks: children that do not outlive the block that started them.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "tractor/async/cancel_scope.hpp"

namespace tractor {

template <class T = void> class task_status;
class actor_nursery;

/// Names a task for logs and dumps: `tn.start_soon(task_name("feeder"), fn)`.
class task_name {
 public:
  explicit task_name(std::string text) : text_(std::move(text)) {}
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

namespace detail {
class start_state;
template <class F, class = void> struct started_type;

/// What a nursery's scope came to, for what is built on a nursery and outlives it.
class scope_ending {
 public:
  bool cancel_called = false;
  bool cancelled_caught = false;
};
template <class T, class F> task<T> reuse_or_open(task_nursery* given, F body);
}  // namespace detail

/// A place where tasks live: `open_task_nursery` waits for all of them before it is left.
///
/// The first error cancels the rest. One error is raised bare, several as a group. Owned by
/// `open_task_nursery`; neither copied nor moved. Loop thread only.
class TRACTOR_API task_nursery : public detail::list_hook<detail::in_parent> {
 public:
  /// Cancels every task inside, the body included, when cancelled.
  cancel_scope& scope() noexcept { return scope_; }
  /// Counts the children that have not ended.
  std::size_t child_count() const noexcept { return child_count_; }

  /// Starts `fn(args...)` as a child at the next turn of the loop; returns at once. Not a checkpoint.
  ///
  /// Takes the function and its arguments, never a task: they are copied into the child's own frame, so that
  /// they outlive it. A reference needs `std::ref`. Throws `std::logic_error` when the nursery is closed.
  template <class F, class... A> void start_soon(F&& fn, A&&... args) {
    check_callable<F, A...>();
    adopt(detail_invoke<std::decay_t<F>, std::decay_t<A>...>(std::forward<F>(fn), std::forward<A>(args)...),
          {});
  }
  template <class F, class... A> void start_soon(task_name name, F&& fn, A&&... args) {
    check_callable<F, A...>();
    adopt(detail_invoke<std::decay_t<F>, std::decay_t<A>...>(std::forward<F>(fn), std::forward<A>(args)...),
          name.text());
  }

  /// Starts `fn(task_status<V>&, args...)` and waits until it calls `started(value)`; yields that value.
  ///
  /// Until then an error of the child is raised here and a cancel of the caller reaches it; from then on it
  /// is a child of this nursery. A child that returns without `started` is a `std::runtime_error`; a closed
  /// nursery is a `std::logic_error`. A checkpoint.
  template <class F, class... A> auto start(F&& fn, A&&... args) {
    return start(task_name(std::string()), std::forward<F>(fn), std::forward<A>(args)...);
  }
  template <class F, class... A> auto start(task_name name, F&& fn, A&&... args) {
    using status = detail::started_type<std::decay_t<F>>;
    static_assert(
        status::found,
        "start needs a function that takes task_status<V>& first: the value's type is read from it");
    if constexpr (status::found)
      return start_impl<typename status::type, std::decay_t<F>, std::decay_t<A>...>(
          *this, if_cancelled::protocol_error, std::move(name), std::forward<F>(fn),
          std::forward<A>(args)...);
  }

  /// Like `start`, but a child that ended without `started` since the caller is cancelled is a `cancelled`.
  ///
  /// A child may absorb that cancel on its way out; `start` then sees only that it did not start, and its
  /// `std::runtime_error` would stand beside, or hide, what the cancel was for. Every other error is left as
  /// it is: one of the child's own, and that of a child that never starts. A checkpoint.
  template <class F, class... A> auto start_or_cancel(F&& fn, A&&... args) {
    return start_or_cancel(task_name(std::string()), std::forward<F>(fn), std::forward<A>(args)...);
  }
  template <class F, class... A> auto start_or_cancel(task_name name, F&& fn, A&&... args) {
    using status = detail::started_type<std::decay_t<F>>;
    static_assert(
        status::found,
        "start needs a function that takes task_status<V>& first: the value's type is read from it");
    if constexpr (status::found)
      return start_impl<typename status::type, std::decay_t<F>, std::decay_t<A>...>(
          *this, if_cancelled::raise, std::move(name), std::forward<F>(fn), std::forward<A>(args)...);
  }

  task_nursery(const task_nursery&) = delete;
  task_nursery& operator=(const task_nursery&) = delete;

 private:
  template <class F> friend auto open_task_nursery(F&& body);
  friend class detail::start_state;
  friend class detail::event_loop;
  friend class detail::task_state;
  friend class actor_nursery;
  friend struct scope_inspector;

  class TRACTOR_API join_awaiter;

  task_nursery() = default;
  ~task_nursery() = default;

  template <class F, class... A> static constexpr void check_callable() {
    static_assert(
        !detail::is_task<std::remove_cvref_t<F>>,
        "start_soon takes the function and its arguments, not a task: a lambda's task would point into a "
        "closure that is gone; write tn.start_soon(fn, args...)");
    static_assert(
        detail::is_task<std::remove_cvref_t<F>> || std::is_invocable_v<std::decay_t<F>&, std::decay_t<A>...>,
        "the function cannot be called with these arguments (a reference needs std::ref)");
  }
  template <class F, class... A> static task<> detail_invoke(F fn, A... args) {
    co_await std::invoke(fn, std::move(args)...);
  }
  template <class V, class F, class... A>
  static task<> invoke_with_status(std::shared_ptr<task_status<V>> status, F fn, A... args) {
    co_await std::invoke(fn, *status, std::move(args)...);
  }
  enum class if_cancelled { protocol_error, raise };
  template <class V, class F, class... A>
  static task<V> start_impl(task_nursery& target, if_cancelled policy, task_name name, F fn, A... args);
  template <class T, class F> static task<T> open_impl(F body);

  void open();
  void adopt(task<> root, std::string name);
  void child_done(detail::task_state& child) noexcept;
  task<> join(std::exception_ptr body_error);
  std::exception_ptr close() noexcept;
  void check_open() const;
  void add_error(std::exception_ptr error) noexcept;
  void wake_joiner_if_empty() noexcept;

  cancel_scope scope_;
  detail::task_state* owner_ = nullptr;
  detail::intrusive_list<detail::task_state, detail::in_parent> children_;
  std::size_t child_count_ = 0;
  std::size_t pending_starts_ = 0;
  join_awaiter* joiner_ = nullptr;
  std::vector<std::exception_ptr> errors_;
  detail::scope_ending* ending_ = nullptr;  // filled in when the nursery is left
  bool closed_ = true;
  bool cancelled_noted_ = false;
};

/// Runs `body(task_nursery&)`, then waits for the children it started; yields the body's value.
///
/// Leaving waits for all children (a checkpoint that no cancel cuts short: the cancel reaches the children
/// instead). Throws the one error, or a group of them. When the nursery's own scope was cancelled before the
/// body had a value to return, a nursery with a value throws `std::logic_error`.
template <class F> auto open_task_nursery(F&& body) {
  TRACTOR_CHECK_BODY(F, task_nursery, "[&](task_nursery& tn) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, task_nursery>;
  return task_nursery::open_impl<value, detail::held<F>>(std::forward<F>(body));
}

/// Runs `body` in the nursery that is given, or in one of its own when `given` is null; yields its value.
///
/// A given nursery is not waited for: what the body starts there lives on in it. Of an own one all that
/// `open_task_nursery` does holds.
template <class F> auto maybe_open_nursery(task_nursery* given, F&& body) {
  TRACTOR_CHECK_BODY(F, task_nursery, "[&](task_nursery& tn) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, task_nursery>;
  return detail::reuse_or_open<value, detail::held<F>>(given, std::forward<F>(body));
}

namespace detail {

/// The untyped part of start()/started(): which nursery holds the child, and when it moves.
class TRACTOR_API start_state {
 public:
  start_state() = default;
  start_state(const start_state&) = delete;
  start_state& operator=(const start_state&) = delete;

 protected:
  friend class tractor::task_nursery;
  /// Moves the child over to its final nursery; throws `std::logic_error` when called twice.
  void mark_started();
  void attach(task_nursery& old_nursery, task_nursery& target) noexcept;
  task_nursery* old_ = nullptr;
  task_nursery* target_ = nullptr;
  task_state* child_ = nullptr;
  bool started_ = false;
};

// What `started` hands over, read from the first parameter of the child's function.
template <class F, class> struct started_type {
  static constexpr bool found = false;
  using type = void;
};
template <class F>
struct started_type<F, std::void_t<decltype(&F::operator())>> : started_type<decltype(&F::operator())> {};
template <class V> struct found_started {
  static constexpr bool found = true;
  using type = V;
};
template <class R, class V, class... A>
struct started_type<R (*)(task_status<V>&, A...)> : found_started<V> {};
template <class R, class C, class V, class... A>
struct started_type<R (C::*)(task_status<V>&, A...) const> : found_started<V> {};
template <class R, class C, class V, class... A>
struct started_type<R (C::*)(task_status<V>&, A...)> : found_started<V> {};
}  // namespace detail

/// What a child started by `nursery.start` reports through.
template <class T> class task_status final : public detail::start_state {
 public:
  /// Hands `value` to the waiting `start()` and makes the task a child of its nursery. Not a checkpoint.
  ///
  /// Throws `std::logic_error` when called a second time.
  void started(T value) {
    if (!started_) value_.emplace(std::move(value));
    mark_started();
  }

 private:
  friend class task_nursery;
  std::optional<T> value_;
};

template <> class task_status<void> final : public detail::start_state {
 public:
  void started() { mark_started(); }

 private:
  friend class task_nursery;
};

template <class T, class F> task<T> detail::reuse_or_open(task_nursery* given, F body) {
  if (given) co_return co_await call_body(body, *given);
  co_return co_await open_task_nursery(body);
}

template <class T, class F> task<T> task_nursery::open_impl(F body) {
  task_nursery nursery;
  nursery.open();
  detail::body_result<T> result;
  std::optional<task<T>> work;
  try {
    work.emplace(detail::call_body(body, nursery));
  } catch (...) {
    result.error = std::current_exception();
  }
  if (work) co_await detail::settle(*work, result);
  co_await nursery.join(std::move(result.error));
  std::exception_ptr rest = nursery.close();
  if (rest) std::rethrow_exception(rest);
  if constexpr (!std::is_void_v<T>) {
    if (!result.value) throw std::logic_error("the nursery was cancelled before its body returned a value");
    co_return std::move(*result.value);
  }
}

template <class V, class F, class... A>
task<V> task_nursery::start_impl(task_nursery& target, if_cancelled policy, task_name name, F fn, A... args) {
  target.check_open();
  auto status = std::make_shared<task_status<V>>();
  task<> root = invoke_with_status<V, F, A...>(status, std::move(fn), std::move(args)...);
  struct open_start {
    explicit open_start(task_nursery& nursery) : nursery(nursery) { ++nursery.pending_starts_; }
    ~open_start() {
      --nursery.pending_starts_;
      nursery.wake_joiner_if_empty();
    }
    task_nursery& nursery;
  } hold(target);
  auto wait = [&](task_nursery& old) -> task<> {
    status->attach(old, target);
    old.adopt(std::move(root), name.text());
    status->child_ = &old.children_.front();
    co_return;
  };
  co_await open_task_nursery(wait);
  if (!status->started_ && policy == if_cancelled::raise) detail::raise_if_cancelled();
  if (!status->started_) throw std::runtime_error("the task ended without calling task_status.started()");
  if constexpr (!std::is_void_v<V>) co_return std::move(*status->value_);
}

}  // namespace tractor
