// A portal: the handle through which another actor's functions are called.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tractor/async/detail/body.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/runtime/detail/narrowing.hpp"
#include "tractor/runtime/endpoint.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor {

class context_summary;

namespace detail {
class link;
class run_once_state;

/// Sends the call and waits for its result, which `decode` puts into `slot`.
TRACTOR_API task<> call_endpoint(std::shared_ptr<link> via, const endpoint& what, msg::buffer args,
                                 void (*decode)(void* slot, msg::byte_view value), void* slot);
/// The same by text, with named arguments (an encoded map).
TRACTOR_API task<msg::raw> call_by_name(std::shared_ptr<link> via, std::string ns, std::string name,
                                        msg::buffer kwargs);

template <class R> void decode_result(void* slot, msg::byte_view value) {
  R out;
  msg::decode_all(value, out);
  static_cast<std::optional<R>*>(slot)->emplace(std::move(out));
}

template <class R> task<R> call_typed(std::shared_ptr<link> via, const endpoint& what, msg::buffer args) {
  if constexpr (std::is_void_v<R>) {
    co_await call_endpoint(std::move(via), what, std::move(args), nullptr, nullptr);
  } else {
    std::optional<R> value;
    co_await call_endpoint(std::move(via), what, std::move(args), &decode_result<R>, &value);
    co_return std::move(*value);
  }
}

/// Refuses a number that the parameter cannot hold, as the peer refuses a wrong argument.
template <auto Fn, std::size_t I, class To, class From> void check_number(const From& given) {
  if constexpr (may_narrow<To, From>)
    if (!survives<To>(given))
      bad_argument(endpoint_of<Fn>(), I, msg::wire_name<To>(), std::to_string(+given) + " does not fit");
}

template <auto Fn, class Tuple, class... A, std::size_t... I>
msg::buffer encode_arguments(std::index_sequence<I...>, const A&... args) {
  (check_number<Fn, I, std::tuple_element_t<I, Tuple>>(args), ...);
  msg::buffer out;
  msg::writer to(out);
  to.array_header(sizeof...(A));
  (msg::encode(to, static_cast<const std::tuple_element_t<I, Tuple>&>(args)), ...);
  return out;
}

template <auto Fn> constexpr void check_plain_call() {
  if constexpr (function_traits<decltype(Fn)>::valid)
    static_assert(function_traits<decltype(Fn)>::kind == msg::function_type::asyncfunc,
                  "this function takes a context or a stream: use open_context or stream_from");
}

/// Checks a call at compile time, one sentence for each mistake, and encodes its arguments as the parameters'
/// types.
template <auto Fn, class... A> msg::buffer check_and_encode(A&&... args) {
  using traits = function_traits<decltype(Fn)>;
  check_endpoint<Fn>();
  static_assert(
      (safe_arg<A> && ...),
      "g++ 12 destroys a temporary aggregate in a co_await twice; name it on its own line and pass the name");
  if constexpr (traits::valid) {
    static_assert(traits::template takes<A...>, "wrong number of arguments for this endpoint");
    if constexpr (traits::template takes<A...>) {
      return [&]<std::size_t... I>(std::index_sequence<I...> all) {
        constexpr bool fits =
            (std::is_convertible_v<A&&, std::tuple_element_t<I, typename traits::arguments>> && ...);
        static_assert(fits, "an argument cannot be converted to the endpoint's parameter type");
        static_assert(
            !(cuts_fractions<std::tuple_element_t<I, typename traits::arguments>, std::remove_cvref_t<A>> ||
              ...),
            "an argument with a fraction would be cut to the integer that the endpoint takes: "
            "convert it yourself");
        if constexpr (fits)
          return encode_arguments<Fn, typename traits::arguments>(all, std::forward<A>(args)...);
        else
          return msg::buffer();
      }
      (std::make_index_sequence<traits::arity>{});
    }
  }
  return {};
}
}  // namespace detail

/// Calls functions of one other actor. A small value; copies share the connection.
///
/// The connection is closed by the actor that owns it (the nursery, or discovery), not by a portal.
class TRACTOR_API portal {
 public:
  portal() = default;

  /// The actor at the other end.
  const actor_id& peer() const;
  bool connected() const noexcept;
  /// Where the peer was reached.
  address remote() const;

  /// Calls `Fn(args...)` in the peer and waits for its result. A checkpoint.
  ///
  /// The arguments are encoded before this returns, so the task holds no reference; a number that its
  /// parameter cannot hold is a `msg_type_error` there and then. A cancel of the caller
  /// cancels the remote task and waits for it, bounded by the ack bound. Throws `remote_actor_error` for an
  /// error of the peer, `context_cancelled` when it was cancelled there, `msg_type_error` for a result of
  /// another type, `transport_closed` or `actor_failure` when the peer is gone. A peer in another language is
  /// called by the plain name and the parameter names that `expose_as` gave `Fn` last in this process.
  template <auto Fn, class... A> auto run(A&&... args) const {
    detail::check_plain_call<Fn>();
    using result = typename detail::function_traits<decltype(Fn)>::result;
    return detail::call_typed<result>(link_, detail::endpoint_of<Fn>(),
                                      detail::check_and_encode<Fn>(std::forward<A>(args)...));
  }

  /// Opens a context with the endpoint `Fn` in the peer and runs `body` while it lives; yields the body's
  /// value. A checkpoint. The arguments are `Fn`'s, without its context, then the body; see context.hpp.
  ///
  /// The body's own `cancel` of the context is absorbed; but a body that yields a value and is left without
  /// one by it leaves none to yield, and that `context_cancelled` is thrown.
  template <auto Fn, class... A> auto open_context(A&&... args_and_body) const;
  /// The same, and tells in `summary` what has become of the context, even where it throws.
  template <auto Fn, class... A> auto open_context(context_summary& summary, A&&... args_and_body) const;
  /// Calls the generator `Fn` in the peer and runs `body(receive_stream<T>&)`, after which the generator is
  /// cancelled; yields the body's value. A checkpoint. See context.hpp.
  template <auto Fn, class... A> auto stream_from(A&&... args_and_body) const;

  /// Calls a function by text, for peers in other languages: `kwargs` is an encoded map of named arguments.
  task<msg::raw> run_from_ns(std::string ns, std::string name, msg::buffer kwargs = {}) const;

  /// Asks the peer's whole runtime to end; yields false when it is gone or does not acknowledge in time.
  ///
  /// A checkpoint that no cancel cuts short; bounded by `bound` (default: the ack bound, 0.5 s).
  /// Its tasks, and whoever waits for them, are told the `reason`, and that the cancel began with this actor
  /// or with whoever has cancelled the caller.
  task<bool> cancel_actor(duration bound = {}, std::string reason = {}) const;
  /// The same, but throws `actor_too_slow_error` for a late acknowledgement.
  task<> cancel_actor_or_throw(duration bound = {}) const;

  /// For the runtime's own use.
  explicit portal(std::shared_ptr<detail::link> via) : link_(std::move(via)) {}
  const std::shared_ptr<detail::link>& via() const noexcept { return link_; }

 private:
  template <auto Fn, class... A> auto enter_context(context_summary* summary, A&&... args_and_body) const;

  std::shared_ptr<detail::link> link_;
};

/// The portal of an actor made by `run_in_actor`: it has one result to wait for.
template <class R> class result_portal : public portal {
 public:
  result_portal(portal base, std::shared_ptr<detail::run_once_state> state)
      : portal(std::move(base)), state_(std::move(state)) {}
  /// Waits for the function's result; later calls yield the same. A checkpoint. Throws what `portal.run`
  /// throws.
  task<R> wait_for_result() const;

 private:
  std::shared_ptr<detail::run_once_state> state_;
};

}  // namespace tractor
