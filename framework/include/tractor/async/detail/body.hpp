// What scopes, nurseries and deadlines share: how a body is held, checked and called.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "tractor/async/task.hpp"

namespace tractor::detail {

template <class F> inline constexpr bool is_awaitable = std::is_base_of_v<engine_awaitable, F>;

// g++ 12 destroys a temporary closure with a non-trivial by-value capture twice in a co_await expression.
template <class F>
inline constexpr bool safe_body =
    std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_cvref_t<F>> ||
    is_task<std::remove_cvref_t<F>> || is_awaitable<std::remove_cvref_t<F>>;

// The same for a temporary aggregate among the arguments of a call that is awaited.
template <class A>
inline constexpr bool safe_arg =
    std::is_lvalue_reference_v<A> || !std::is_aggregate_v<std::remove_cvref_t<A>> ||
    std::is_trivially_destructible_v<std::remove_cvref_t<A>>;

// An rvalue body is moved into the frame of the implementation, an lvalue is referred to.
template <class F> using held = std::conditional_t<std::is_lvalue_reference_v<F>, F, std::remove_cvref_t<F>>;

template <class F, class Arg,
          bool IsWork = is_task<std::remove_cvref_t<F>> || is_awaitable<std::remove_cvref_t<F>>>
struct body_traits {
  static constexpr bool takes_arg = std::is_invocable_v<F&, Arg&>;
  static constexpr bool callable = takes_arg || std::is_invocable_v<F&>;
  static auto result() {
    if constexpr (takes_arg)
      return std::type_identity<std::invoke_result_t<F&, Arg&>>{};
    else if constexpr (callable)
      return std::type_identity<std::invoke_result_t<F&>>{};
    else
      return std::type_identity<void>{};
  }
  using returned = typename decltype(result())::type;
  static constexpr bool returns_task = is_task<returned>;
};

template <class F, class Arg> struct body_traits<F, Arg, true> {
  static constexpr bool takes_arg = false, callable = true, returns_task = true;
  static auto result() {
    if constexpr (is_task<std::remove_cvref_t<F>>)
      return std::type_identity<std::remove_cvref_t<F>>{};
    else
      return std::type_identity<task<std::remove_cvref_t<decltype(std::declval<F&>().await_resume())>>>{};
  }
  using returned = typename decltype(result())::type;
};

/// Makes a task of an awaitable, so that deadlines and scopes take both.
template <class T, class A> task<T> await_one(A& awaitable) { co_return co_await awaitable; }

template <class R, bool IsTask = is_task<R>> struct value_of { using type = void; };
template <class R> struct value_of<R, true> { using type = typename R::value_type; };

/// The value type of what `F` returns when called with `Arg&`; void for a body that does not fit.
template <class F, class Arg>
using body_value = typename value_of<typename body_traits<F, Arg>::returned>::type;

/// Makes the task of a body: calls it with `arg` or without, or takes the task or awaitable that it is.
template <class F, class Arg> auto call_body(F& body, Arg& arg) {
  if constexpr (is_task<std::remove_cvref_t<F>>)
    return std::move(body);
  else if constexpr (is_awaitable<std::remove_cvref_t<F>>)
    return await_one<body_value<F, Arg>>(body);
  else if constexpr (std::is_invocable_v<F&, Arg&>)
    return body(arg);
  else
    return body();
}

#define TRACTOR_CHECK_BODY(F, Arg, example)                                                                 \
  static_assert(                                                                                            \
      ::tractor::detail::safe_body<F>,                                                                      \
      "a temporary body that captures by value is destroyed twice by g++ 12; capture by reference, "        \
      "or name it on a line of its own and pass the name");                                                 \
  static_assert(::tractor::detail::body_traits<F, Arg>::callable, "the body must be callable as " example); \
  static_assert(!::tractor::detail::body_traits<F, Arg>::callable ||                                        \
                    ::tractor::detail::body_traits<F, Arg>::returns_task,                                   \
                "the body must return task<...>: write '-> task<>' after its parameters")

/// Where a coroutine keeps what a body produced: a value or an error.
template <class T> struct body_result {
  std::optional<T> value;
  std::exception_ptr error;
};
template <> struct body_result<void> {
  std::exception_ptr error;
  bool finished = false;
};

/// Awaits `work` and keeps its outcome, whatever it is, so that the caller can act outside of a handler.
template <class T> task<> settle(task<T>& work, body_result<T>& into) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
      into.finished = true;
    } else {
      into.value.emplace(co_await std::move(work));
    }
  } catch (...) {
    into.error = std::current_exception();
  }
}

}  // namespace tractor::detail
