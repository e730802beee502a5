// asio's own coroutines beside tasks: awaited as one, or linked with one by channels.
//
// Not in the index async.hpp: the asio coroutine headers are slow to compile.
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tractor/async/channel.hpp"
#include "tractor/async/detail/link_queue.hpp"
#include "tractor/async/entered.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/async/use_task.hpp"

namespace tractor {

namespace detail {

template <class A> inline constexpr bool is_asio_awaitable = false;
template <class T, class E> inline constexpr bool is_asio_awaitable<asio::awaitable<T, E>> = true;

template <class F, bool Callable = std::is_invocable_v<F&>> struct asio_call {
  static constexpr bool fits = false;
  using value = void;
};
template <class F> struct asio_call<F, true> {
  using returned = std::invoke_result_t<F&>;
  static constexpr bool fits = is_asio_awaitable<returned>;
  template <class A> struct value_of_awaitable { using type = void; };
  template <class T, class E> struct value_of_awaitable<asio::awaitable<T, E>> { using type = T; };
  using value = typename value_of_awaitable<returned>::type;
};

/// True for the error that asio reports for what was cancelled.
TRACTOR_API bool is_operation_aborted(const std::exception_ptr& error);
/// True for what a link throws at a side whose other side has ended.
TRACTOR_API bool is_link_error(const std::exception_ptr& error);

// Begins by a turn of the loop: no foreign code runs inside of an await of ours.
template <class T, class F> asio::awaitable<void> settle_asio(F& make, body_result<T>& into) {
  try {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if constexpr (std::is_void_v<T>) {
      co_await make();
      into.finished = true;
    } else {
      into.value.emplace(co_await make());
    }
  } catch (...) {
    into.error = std::current_exception();
  }
}

template <class T, class F> task<T> await_asio(F make) {
  raise_if_cancelled();
  body_result<T> result;
  asio::awaitable<void> work = settle_asio<T>(make, result);
  std::exception_ptr of_asio = co_await asio::co_spawn(this_context(), std::move(work), use_task);
  if (!result.error) result.error = of_asio;
  if (result.error) {
    if (is_operation_aborted(result.error)) raise_if_cancelled();
    std::rethrow_exception(result.error);
  }
  if constexpr (!std::is_void_v<T>) co_return std::move(*result.value);
}

}  // namespace detail

/// Runs asio coroutine code, `f()` of type `asio::awaitable<T>`, in this loop and yields its value.
///
/// A checkpoint. An error of it is thrown here. A cancel emits asio's terminal cancellation: every wait of
/// the coroutine throws `operation_aborted` from then on, which becomes `cancelled` again when it comes back
/// here; any other error that it ends with is thrown as it is, and a value that it ends with all the same is
/// yielded. `f` and what it refers to live until the coroutine has ended. Inside, tasks cannot be awaited.
template <class F> auto run_awaitable(F&& f) {
  using call = detail::asio_call<std::remove_reference_t<F>>;
  static_assert(detail::safe_body<F>,
                "a temporary function that captures by value is destroyed twice by g++ 12; capture by "
                "reference, or name it on a line of its own and pass the name");
  static_assert(call::fits, "run_awaitable takes [&]() -> asio::awaitable<T> {...}");
  if constexpr (call::fits)
    return detail::await_asio<typename call::value, detail::held<F>>(std::forward<F>(f));
}

namespace detail {

/// How the asio coroutine of a link stands.
template <class Result> class link_end {
 public:
  cancel_scope scope;
  event ended;
  body_result<Result> result;
};

/// Both directions of a link. Owned by `open_channel_from`.
template <class ToAsio, class ToTask, class First, class Result> class link_state : public link_end<Result> {
 public:
  explicit link_state(std::size_t queue) : to_asio(this_context(), queue), to_task(this_context(), queue) {}
  link_state(const link_state&) = delete;
  link_state& operator=(const link_state&) = delete;

  /// The body has ended, or never began: so does the coroutine.
  void end_coroutine() noexcept {
    body_left = true;
    to_asio.close();
    to_task.abandon();
    this->scope.cancel();
  }
  /// The coroutine has ended without an error: the body gets what is queued, and then the end.
  void coroutine_ended() noexcept {
    to_task.close();
    to_asio.abandon();
    this->ended.set();
  }

  link_queue<ToAsio> to_asio;
  link_queue<ToTask> to_task;
  task_status<First>* status = nullptr;
  bool body_left = false;
};

struct link_maker;

}  // namespace detail

/// The asio coroutine's side of a link made by `open_channel_from`: receives and sends by `co_await`.
///
/// `Send` goes to the task, `Receive` comes from it; `First` is what it says once it is ready (void: nothing,
/// and the body does not wait for it). Owned by `open_channel_from`; neither copied nor moved. Loop thread
/// only.
template <class Send, class Receive, class First = void> class asio_channel {
 public:
  asio_channel(const asio_channel&) = delete;
  asio_channel& operator=(const asio_channel&) = delete;

  /// Hands `first` to the waiting task, whose body begins. Throws `std::logic_error` when called twice.
  template <class V = First> void started(V first) requires(!std::is_void_v<V>) {
    status_->started(std::move(first));
  }

  /// Waits for an item or the end: `while (auto item = co_await chan.next())`.
  asio::awaitable<std::optional<Receive>> next() { return in_.asio_next(); }
  /// Waits for an item; throws `end_of_channel` when the task sends no more.
  asio::awaitable<Receive> receive() { return receive_from(in_); }
  /// Makes an item from `args` and sends it; waits while the queue is full.
  ///
  /// Throws `broken_channel` when the task's body has ended.
  template <class... A> asio::awaitable<void> send(A&&... args) {
    TRACTOR_CHECK_ITEM(Send, A);
    return out_.asio_send(Send(std::forward<A>(args)...));
  }
  /// Sends without waiting, or throws `would_block`.
  template <class... A> void send_nowait(A&&... args) {
    Send item(std::forward<A>(args)...);
    if (!out_.push(item)) throw would_block("the queue to the task is full");
  }

 private:
  friend detail::link_maker;
  asio_channel(detail::link_queue<Receive>& in, detail::link_queue<Send>& out, task_status<First>* status)
      : in_(in), out_(out), status_(status) {}
  static asio::awaitable<Receive> receive_from(detail::link_queue<Receive>& in) {
    std::optional<Receive> item = co_await in.asio_next();
    if (!item) throw end_of_channel("the task at the other side of this link sends no more");
    co_return std::move(*item);
  }

  detail::link_queue<Receive>& in_;
  detail::link_queue<Send>& out_;
  task_status<First>* status_;
};

/// The task's side of a link made by `open_channel_from`.
///
/// `Send` goes to the asio coroutine, `Receive` comes from it, `Result` is what that returns. A source for
/// `broadcast`. Owned by `open_channel_from`; neither copied nor moved. Loop thread only.
template <class Send, class Receive, class Result = void> class linked_channel {
 public:
  linked_channel(const linked_channel&) = delete;
  linked_channel& operator=(const linked_channel&) = delete;

  /// Waits for an item or the end of the coroutine. A checkpoint.
  task<std::optional<Receive>> next() { return in_.next(); }
  /// Waits for an item. A checkpoint; throws `end_of_channel` when the coroutine has ended.
  task<Receive> receive() { return receive_from(in_.next()); }
  /// Makes an item from `args` and sends it; waits while the queue is full. A checkpoint.
  ///
  /// Throws `broken_channel` when the coroutine has ended, `closed_resource` after `close()`.
  template <class... A> task<> send(A&&... args) {
    TRACTOR_CHECK_ITEM(Send, A);
    return out_.send(Send(std::forward<A>(args)...));
  }
  /// Sends no more: the coroutine's `next()` yields what is queued and then nothing. Idempotent.
  void close() noexcept { out_.close(); }
  /// Cancels the coroutine; returns at once. That it ends by this is no error.
  void cancel() noexcept { end_.scope.cancel(); }
  /// Waits for the end of the coroutine and yields what it returned, once. A checkpoint.
  ///
  /// Throws `closed_resource` when it was cancelled; an error of it ends the body anyway.
  task<Result> wait_for_result() { return result_of(end_); }

 private:
  friend detail::link_maker;
  linked_channel(detail::link_queue<Receive>& in, detail::link_queue<Send>& out,
                 detail::link_end<Result>& end)
      : in_(in), out_(out), end_(end) {}
  static task<Receive> receive_from(task<std::optional<Receive>> next) {
    std::optional<Receive> item = co_await std::move(next);
    if (!item) throw end_of_channel("the coroutine at the other side of this link has ended");
    co_return std::move(*item);
  }
  static task<Result> result_of(detail::link_end<Result>& end) {
    co_await end.ended.wait();
    if (end.scope.cancelled_caught()) throw closed_resource("the coroutine of this link was cancelled");
    if constexpr (!std::is_void_v<Result>) co_return std::move(end.result.value.value());
  }

  detail::link_queue<Receive>& in_;
  detail::link_queue<Send>& out_;
  detail::link_end<Result>& end_;
};

/// How many items each direction of a link holds before its sender waits.
class queue_size {
 public:
  explicit queue_size(std::size_t items) noexcept : items_(items) {}
  std::size_t items() const noexcept { return items_; }

 private:
  std::size_t items_;
};

namespace detail {

struct link_maker {
  template <class In, class Out, class First, class Result>
  static asio_channel<Out, In, First> asio_side(link_state<In, Out, First, Result>& link) {
    return asio_channel<Out, In, First>(link.to_asio, link.to_task, link.status);
  }
  template <class In, class Out, class First, class Result>
  static linked_channel<In, Out, Result> task_side(link_state<In, Out, First, Result>& link) {
    return linked_channel<In, Out, Result>(link.to_task, link.to_asio, link);
  }
};

template <class F> struct link_call { static constexpr bool found = false; };
template <class R, class E, class Out, class In, class V>
struct link_call<asio::awaitable<R, E>(asio_channel<Out, In, V>&)> {
  static constexpr bool found = true;
  using state = link_state<In, Out, V, R>;
  using first = V;
  using result = R;
  using arguments =
      std::conditional_t<std::is_void_v<V>, std::tuple<linked_channel<In, Out, R>&>,
                         std::tuple<linked_channel<In, Out, R>&, std::add_lvalue_reference_t<V>>>;
};
template <class R, class A> struct link_call<R (*)(A)> : link_call<R(A)> {};
template <class R, class C, class A> struct link_call<R (C::*)(A)> : link_call<R(A)> {};
template <class R, class C, class A> struct link_call<R (C::*)(A) const> : link_call<R(A)> {};
/// Which channel a coroutine wants, read from its parameter.
template <class F, class = void> struct link_traits : link_call<F> {};
template <class F>
struct link_traits<F, std::void_t<decltype(&F::operator())>> : link_call<decltype(&F::operator())> {};

/// The coroutine's task: keeps what comes of it, and ends the link.
template <class Traits, class F>
task<> serve_link(task_status<typename Traits::first>& status, typename Traits::state& link, F& f) {
  link.status = &status;
  if constexpr (std::is_void_v<typename Traits::first>) status.started();
  auto side = link_maker::asio_side(link);
  auto make = [&] { return f(side); };
  auto inside = [&]() -> task<> {
    auto work = run_awaitable(make);
    co_await settle(work, link.result);
    if (link.result.error) std::rethrow_exception(link.result.error);
  };
  body_result<timed<>> done;
  auto work = link.scope.run(inside);
  co_await settle(work, done);
  // A cancel of its own has been taken by its scope. That the body is gone is how it was told to end.
  std::exception_ptr error = done.error;
  if (link.body_left) error = split_error(error, &is_link_error).second;
  if (error) std::rethrow_exception(error);
  link.coroutine_ended();
}

template <class R, class Traits, class F, class Body> task<R> open_link(F f, Body body, std::size_t queue) {
  typename Traits::state link(queue);
  auto chan = link_maker::task_side(link);
  class body_end {
   public:
    explicit body_end(typename Traits::state& of) noexcept : of_(of) {}
    ~body_end() { of_.end_coroutine(); }

   private:
    typename Traits::state& of_;
  };
  auto child = [&](task_status<typename Traits::first>& status) {
    return serve_link<Traits>(status, link, f);
  };
  auto inside = [&](task_nursery& tn) -> task<R> {
    body_end last(link);
    if constexpr (std::is_void_v<typename Traits::first>) {
      co_await tn.start_or_cancel(task_name("asio coroutine"), child);
      co_return co_await body(chan);
    } else {
      auto first = co_await tn.start_or_cancel(task_name("asio coroutine"), child);
      co_return co_await body(chan, first);
    }
  };
  co_return co_await open_task_nursery(inside);
}

}  // namespace detail

/// Runs the asio coroutine `f(chan)` and the task `body(chan)` as one, linked by a channel each way.
///
/// `f` is `[&](asio_channel<In, Out>& chan) -> asio::awaitable<R>`, `body` is `[&](auto& chan) -> task<T>`
/// and gets a `linked_channel<Out, In, R>`. With `asio_channel<In, Out, First>` the body begins when `f` has
/// called `started(first)`, and gets that as its second argument; an `f` that ends before is a
/// `std::runtime_error`. Yields the body's value. A checkpoint.
///
/// Either side ends the other: an error of `f` cancels the body, an error or a cancel of the body cancels
/// `f`, and so does its end, after which `f` also finds its channel ended; a body that wants `f` to finish in
/// peace calls `chan.close()` and `chan.wait_for_result()`. The end of `f` ends the channel: the body gets
/// what is queued, then the end. What a side throws because it is ended that way is no error; errors of both
/// are raised as a group.
template <class F, class Body>
auto open_channel_from(F&& f, Body&& body, queue_size queue = queue_size(256)) {
  using traits = detail::link_traits<std::decay_t<F>>;
  static_assert(detail::safe_body<F> && detail::safe_body<Body>,
                "a temporary function that captures by value is destroyed twice by g++ 12; capture by "
                "reference, or name it on a line of its own and pass the name");
  static_assert(traits::found,
                "the coroutine takes its channel: [&](asio_channel<Out, In>& chan) -> asio::awaitable<void>");
  if constexpr (traits::found) {
    using call = detail::tuple_call<std::remove_reference_t<Body>, typename traits::arguments>;
    static_assert(call::callable,
                  "the body takes the channel, and what the coroutine says first: [&](auto& chan) -> task<> "
                  "{...} or [&](auto& chan, First& first) -> task<> {...}");
    if constexpr (call::callable) {
      using result = typename detail::value_of<typename call::returned>::type;
      return detail::open_link<result, traits, detail::held<F>, detail::held<Body>>(
          std::forward<F>(f), std::forward<Body>(body), queue.items());
    }
  }
}

}  // namespace tractor
