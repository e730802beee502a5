// entered<T>: through which an opener says that its scope is open, and keeps it open while others use it.
#pragma once

#include <tuple>
#include <type_traits>
#include <vector>

#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/condition.hpp"
#include "tractor/async/event.hpp"

namespace tractor {

template <class T = void> class entered;

namespace detail {

struct entered_access;

/// Keeps one scope open until its users let go of it, and never takes from them what they still use.
class TRACTOR_API scope_hold {
 public:
  scope_hold() = default;
  scope_hold(const scope_hold&) = delete;
  scope_hold& operator=(const scope_hold&) = delete;

  /// Waits until the scope is open or its opener has ended. A checkpoint.
  event::waiter settled() noexcept { return settled_.wait(); }
  bool is_open() const noexcept { return open_; }
  bool was_entered() const noexcept { return entered_; }

  /// A user runs in `scope`: that is cancelled and waited for if the scope must end before its users do.
  void add_user(cancel_scope& scope) { users_.push_back(&scope); }
  void remove_user(cancel_scope& scope) noexcept;

  /// The users are done: the opener goes on to its exit.
  void let_go() noexcept;
  /// The users are gone, but the end of the scope comes by a cancel.
  void give_up() noexcept { released_ = true; }
  /// True once the end of the scope is what its users want.
  bool released() const noexcept { return released_; }
  /// The opener has ended, however it did.
  void opener_ended() noexcept;

 private:
  template <class T> friend class tractor::entered;
  task<> hold();

  event settled_;
  event leave_;
  condition user_left_;
  std::vector<cancel_scope*> users_;
  bool entered_ = false;
  bool open_ = false;
  bool released_ = false;
};

template <class F> struct opener_call { static constexpr bool found = false; };
template <class R, class V, class... A> struct opener_call<R(entered<V>&, A...)> {
  static constexpr bool found = true;
  using value = V;
  using returned = R;
  using arguments = std::tuple<std::decay_t<A>...>;
};
template <class R, class... A> struct opener_call<R (*)(A...)> : opener_call<R(A...)> {};
template <class R, class C, class... A> struct opener_call<R (C::*)(A...)> : opener_call<R(A...)> {};
template <class R, class C, class... A> struct opener_call<R (C::*)(A...) const> : opener_call<R(A...)> {};

/// What an opener hands over, read from its first parameter.
template <class F, class = void> struct opener_traits : opener_call<F> {};
template <class F>
struct opener_traits<F, std::void_t<decltype(&F::operator())>> : opener_call<decltype(&F::operator())> {};

}  // namespace detail

/// What an opener gets: called from inside its scope with what it opened, it keeps the scope open.
///
/// An opener is a callable that opens one scope and hands over what is in it. An `entered<T>` can be called
/// like any body, so it is passed to the scope function as one: `[&](entered<file>& in) { return
/// open_file("a", in); }`. Between its scope and the call an opener may do what it likes. Owned by whoever
/// calls the opener; neither copied nor moved. Loop thread only.
template <class T> class entered {
 public:
  entered() = default;
  /// Hands `value` over by reference and waits until its users are done with it. A checkpoint.
  ///
  /// If it is cancelled meanwhile the users are cancelled first, and waited for: `value` outlives their use
  /// of it. Throws `std::logic_error` when called twice.
  task<> operator()(T& value) {
    value_ = &value;
    return hold_.hold();
  }
  entered(const entered&) = delete;
  entered& operator=(const entered&) = delete;

 private:
  friend struct detail::entered_access;
  detail::scope_hold hold_;
  T* value_ = nullptr;
};

/// The same for a scope that hands over nothing.
template <> class entered<void> {
 public:
  entered() = default;
  task<> operator()() { return hold_.hold(); }
  entered(const entered&) = delete;
  entered& operator=(const entered&) = delete;

 private:
  friend struct detail::entered_access;
  detail::scope_hold hold_;
};

namespace detail {

struct entered_access {
  template <class T> static scope_hold& hold(entered<T>& in) noexcept { return in.hold_; }
  template <class T> static T& value(entered<T>& in) noexcept { return *in.value_; }
};

template <class T> auto value_tuple(entered<T>& in) {
  if constexpr (std::is_void_v<T>)
    return std::tuple<>();
  else
    return std::tuple<T&>(entered_access::value(in));
}

template <class... T> using values_of = decltype(std::tuple_cat(value_tuple(std::declval<entered<T>&>())...));

/// What a body comes to when it is called with arguments of these types.
template <class Body, class Tuple> struct tuple_call;
template <class Body, class... V> struct tuple_call<Body, std::tuple<V...>> {
  static constexpr bool callable = std::is_invocable_v<Body&, V...>;
  static auto result() {
    if constexpr (callable)
      return std::type_identity<std::invoke_result_t<Body&, V...>>{};
    else
      return std::type_identity<void>{};
  }
  using returned = typename decltype(result())::type;
};
}  // namespace detail
}  // namespace tractor
