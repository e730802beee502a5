// Contexts: two tasks in two actors that begin, work and end as one unit.
//
//   task<std::string> worker(context<starts<int>, receives<order>, sends<tick>>& ctx, std::string who) {
//     co_await ctx.started(7);
//     auto& stream = co_await ctx.open_stream();
//     while (auto item = co_await stream.next()) co_await stream.send(item->id, who);
//     co_return who + " done";
//   }
//
//   auto end = co_await p.open_context<&worker>("bob", [&](auto& ctx, int first) -> task<std::string> {
//     auto& stream = co_await ctx.open_stream();
//     ...
//     co_await stream.aclose();
//     co_return co_await ctx.wait_for_result();
//   });
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tractor/async/checkpoint.hpp"
#include "tractor/async/outcome.hpp"
#include "tractor/runtime/detail/context_traits.hpp"
#include "tractor/runtime/portal.hpp"

namespace tractor {

namespace detail {
struct dialog_access;
}

/// The endpoint's end of a context: its first parameter. Tags say what travels, seen from the endpoint; their
/// order is free, and what has no tag does not travel.
///
/// An endpoint without `starts` counts as started when it is called; one with it calls `started` once. When
/// the endpoint returns, its value is the context's result; an error of its ends the caller's body.
template <class... Tags> class context final : public context_base {
  using types = detail::context_types<Tags...>;

 public:
  using stream = msg_stream<typename types::sends, typename types::receives>;

  /// Lets the caller go on, with the value made of `args`. A checkpoint.
  ///
  /// Throws `runtime_failure` the second time.
  template <class... A> auto started(A&&... args) requires(types::starts_by_hand) {
    using value = typename types::starts;
    static_assert((detail::safe_arg<A> && ...),
                  "g++ 12 destroys a temporary aggregate in a co_await twice; write started(a, b)");
    if constexpr (std::is_void_v<value>) {
      static_assert(sizeof...(A) == 0, "this endpoint starts without a value: starts<void>");
      send_started([](msg::writer& out) { out.nil(); });
    } else {
      static_assert(std::is_constructible_v<value, A...>,
                    "the started value cannot be made from these arguments");
      const value first(std::forward<A>(args)...);
      send_started([&first](msg::writer& out) { msg::encode(out, first); });
    }
    return checkpoint();
  }
  /// Opens the stream: `auto& stream = co_await ctx.open_stream();`. A checkpoint.
  ///
  /// Throws `runtime_failure` before `started` and the second time. The context closes the stream.
  auto open_stream(const stream_options& options = {}) requires(types::has_stream) {
    open(options);
    return detail::opening_stream<stream>(stream_);
  }
  /// Cancels this endpoint; its caller gets `context_cancelled` with this actor as the canceller.
  void cancel(std::string reason = {}) noexcept { cancel_self(std::move(reason)); }

 private:
  friend detail::dialog_access;
  explicit context(detail::reply& served) : context_base(served, stream_) { bind(); }
  stream stream_;
};

/// The caller's end of a context with the endpoint `Fn`: what the body of `open_context` gets.
template <auto Fn> class context_to final : public context_base {
  using traits = detail::function_traits<decltype(Fn)>;
  using types = typename detail::types_of<typename traits::dialog>::type;

 public:
  using stream = msg_stream<typename types::receives, typename types::sends>;
  using result_type = typename traits::result;

  /// Opens the stream: `auto& stream = co_await ctx.open_stream();`. A checkpoint.
  ///
  /// Throws `runtime_failure` the second time, and the peer's error if that has ended. The context closes the
  /// stream.
  auto open_stream(const stream_options& options = {}) requires(types::has_stream) {
    open(options);
    return detail::opening_stream<stream>(stream_);
  }
  /// Waits for the endpoint's result; later calls yield the same. A checkpoint.
  ///
  /// Items that nobody waits for are discarded meanwhile, so that the endpoint can end. Throws its error;
  /// after a `cancel` of this end that is `context_cancelled`, which the context absorbs.
  task<result_type> wait_for_result() {
    co_await wait_over();
    if (maybe_error()) std::rethrow_exception(maybe_error());
    if constexpr (!std::is_void_v<result_type>) co_return *result_;
  }
  /// The result or the error; throws `runtime_failure` unless `has_outcome()`.
  tractor::outcome<result_type> outcome() const {
    check_outcome();
    if (maybe_error()) return tractor::outcome<result_type>(maybe_error());
    if constexpr (std::is_void_v<result_type>)
      return tractor::outcome<>();
    else
      return tractor::outcome<result_type>(*result_);
  }
  /// Asks the endpoint to end and waits for its end, but not for longer than `bound`. Shielded.
  ///
  /// The bound is that of acknowledgements (0.5 s) unless it is given, zero for not waiting at all; where
  /// this task has itself been cancelled by a peer, it is no more than what is left of that peer's. The body
  /// goes on: what it then does with the context throws `context_cancelled`, which the context absorbs when
  /// the body is left with it. `reason` and the bound travel along.
  task<> cancel(std::string reason = {}, std::optional<duration> bound = {}) {
    return cancel_child(std::move(reason), bound);
  }

 private:
  friend detail::dialog_access;
  explicit context_to(std::shared_ptr<detail::link> via)
      : context_base(std::move(via), detail::endpoint_of<Fn>(), stream_) {
    bind();
  }

  void accept_started(msg::byte_view value) override { detail::decode_into_optional(value, first_); }
  void accept_result(msg::byte_view value) override { detail::decode_into_optional(value, result_); }

  stream stream_;
  std::optional<detail::storable<typename types::starts>> first_;
  std::optional<detail::storable<result_type>> result_;
};

namespace detail {

/// Both ends of a generator: a context of one stream, open from the beginning, without a result.
template <class T> class generator final : public context_base {
 public:
  using item_type = T;

 private:
  friend dialog_access;
  explicit generator(reply& served) : context_base(served, stream_) {
    bind();
    open({});
  }
  send_stream<T> stream_;
};
template <class T> class generator_call final : public context_base {
  friend dialog_access;
  generator_call(std::shared_ptr<link> via, const endpoint& what)
      : context_base(std::move(via), what, stream_) {
    bind();
    open({});
  }
  receive_stream<T> stream_;
};

/// What the runtime does with both ends.
struct dialog_access {
  template <class Dialog> static std::shared_ptr<Dialog> make(reply& to) {
    std::shared_ptr<Dialog> made(new Dialog(to));
    to.attach(made);
    return made;
  }

  template <auto Fn, class... Tags, class Args>
  static task<> serve(std::shared_ptr<context<Tags...>> ctx, Args args, reply& to) {
    using result = typename function_traits<decltype(Fn)>::result;
    if constexpr (!context_types<Tags...>::starts_by_hand)
      ctx->send_started([](msg::writer& out) { out.nil(); });
    auto call = [&](auto&... arg) { return Fn(*ctx, std::move(arg)...); };
    if constexpr (std::is_void_v<result>) {
      co_await std::apply(call, args);
      ctx->finish_child();
      to.result([](msg::writer& out) { out.nil(); });
    } else {
      auto value = co_await std::apply(call, args);
      ctx->finish_child();
      to.result([&value](msg::writer& out) { msg::encode(out, value); });
    }
  }
  template <auto Fn, class T, class Args>
  static task<> serve(std::shared_ptr<generator<T>> gen, Args args, reply&) {
    auto call = [&](auto&... arg) { return Fn(gen->stream_, std::move(arg)...); };
    co_await std::apply(call, args);
    gen->finish_child();
  }

  // The body's outcome, the peer's, and the rules of leaving make one end of the call.
  template <class T, class Call, class Inside> static task<T> run(Call& ctx, Inside& inside) {
    body_result<timed<T>> done;
    auto work = ctx.own_scope().run(inside);
    co_await settle(work, done);
    std::exception_ptr error = co_await ctx.leave(std::move(done.error));
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<T>) {
      // Left by its own cancel, which is absorbed; but there is no value to go on with.
      if (!done.value || !*done.value) std::rethrow_exception(ctx.maybe_error());
      co_return std::move(**done.value);
    }
  }
  /// Fills in a summary, if one is asked for, whichever way the call ends.
  template <class Call> class summary_at_end {
   public:
    summary_at_end(const Call& ctx, context_summary* into) noexcept : ctx_(ctx), into_(into) {}
    summary_at_end(const summary_at_end&) = delete;
    summary_at_end& operator=(const summary_at_end&) = delete;
    ~summary_at_end() {
      if (into_) ctx_.summarize(*into_);
    }

   private:
    const Call& ctx_;
    context_summary* const into_;
  };

  template <auto Fn, class T, class Body>
  static task<T> call_context(std::shared_ptr<link> via, msg::buffer args, Body body,
                              context_summary* summary) {
    context_to<Fn> ctx(std::move(via));
    const summary_at_end at_end(ctx, summary);
    co_await ctx.start(std::move(args));
    auto inside = [&]() -> task<T> {
      if constexpr (std::is_void_v<typename context_to<Fn>::types::starts>)
        return body(ctx);
      else
        return body(ctx, std::move(*ctx.first_));
    };
    co_return co_await run<T>(ctx, inside);
  }
  template <auto Fn, class T, class Item, class Body>
  static task<T> call_generator(std::shared_ptr<link> via, msg::buffer args, Body body) {
    generator_call<Item> call(std::move(via), endpoint_of<Fn>());
    co_await call.start(std::move(args));
    auto inside = [&]() -> task<T> { return body(call.stream_); };
    co_return co_await run<T>(call, inside);
  }
};

template <auto Fn, class Args> task<> begin_dialog(Args args, reply& to) {
  using dialog = typename function_traits<decltype(Fn)>::dialog;
  return dialog_access::serve<Fn>(dialog_access::make<dialog>(to), std::move(args), to);
}

// What a body is called with, and what it returns.
template <auto Fn, class Body> struct context_body {
  using starts = typename types_of<typename function_traits<decltype(Fn)>::dialog>::type::starts;
  static auto returned() {
    if constexpr (std::is_void_v<starts>) {
      if constexpr (std::is_invocable_v<Body&, context_to<Fn>&>)
        return std::type_identity<std::invoke_result_t<Body&, context_to<Fn>&>>{};
      else
        return std::type_identity<void>{};
    } else {
      if constexpr (std::is_invocable_v<Body&, context_to<Fn>&, starts>)
        return std::type_identity<std::invoke_result_t<Body&, context_to<Fn>&, starts>>{};
      else
        return std::type_identity<void>{};
    }
  }
  using type = typename decltype(returned())::type;
  static constexpr bool fits = is_task<type>;
};
template <auto Fn, class Body> struct generator_body {
  using item = typename function_traits<decltype(Fn)>::dialog::item_type;
  static constexpr bool fits = body_traits<Body, receive_stream<item>>::returns_task;
  using type = typename body_traits<Body, receive_stream<item>>::returned;
};

/// Splits a call's arguments from its body, which stands last; checks both.
template <auto Fn, class... A> class call_with_body {
 public:
  static constexpr std::size_t count = sizeof...(A) - 1;
  using all = std::tuple<A&&...>;
  using body = std::tuple_element_t<count, std::tuple<A...>>;

  static msg::buffer encode(all& given) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return check_and_encode<Fn>(
          std::forward<std::tuple_element_t<I, std::tuple<A...>>>(std::get<I>(given))...);
    }
    (std::make_index_sequence<count>{});
  }
  static body&& last(all& given) { return std::forward<body>(std::get<count>(given)); }
};

}  // namespace detail

template <auto Fn, class... A>
auto portal::enter_context(context_summary* summary, A&&... args_and_body) const {
  using traits = detail::function_traits<decltype(Fn)>;
  detail::check_endpoint<Fn>();
  static_assert(traits::kind == msg::function_type::context,
                "this function does not take a context first: use run, or stream_from for a generator");
  static_assert(sizeof...(A) > 0,
                "the last argument of open_context must be a body [&](auto& ctx, ...) -> task<> {...}");
  if constexpr (traits::kind == msg::function_type::context && sizeof...(A) > 0) {
    using call = detail::call_with_body<Fn, A...>;
    using body = detail::context_body<Fn, std::remove_reference_t<typename call::body>>;
    static_assert(
        body::fits,
        "the last argument of open_context must be a body [&](auto& ctx, <started type> first) -> task<> "
        "{...}, without `first` if the endpoint has no started value");
    static_assert(
        detail::safe_body<typename call::body>,
        "a temporary body that captures by value is destroyed twice by g++ 12; capture by reference, or "
        "name it on a line of its own and pass the name");
    if constexpr (body::fits) {
      typename call::all given(std::forward<A>(args_and_body)...);
      msg::buffer args = call::encode(given);
      return detail::dialog_access::call_context<Fn, typename body::type::value_type,
                                                 detail::held<typename call::body>>(
          link_, std::move(args), call::last(given), summary);
    }
  }
}

template <auto Fn, class... A> auto portal::open_context(A&&... args_and_body) const {
  return enter_context<Fn>(nullptr, std::forward<A>(args_and_body)...);
}

template <auto Fn, class... A>
auto portal::open_context(context_summary& summary, A&&... args_and_body) const {
  return enter_context<Fn>(&summary, std::forward<A>(args_and_body)...);
}

template <auto Fn, class... A> auto portal::stream_from(A&&... args_and_body) const {
  using traits = detail::function_traits<decltype(Fn)>;
  detail::check_endpoint<Fn>();
  static_assert(traits::kind == msg::function_type::asyncgen,
                "this function does not take a send_stream first: use run, or open_context for a context");
  static_assert(sizeof...(A) > 0,
                "the last argument of stream_from must be a body [&](receive_stream<T>& in) -> task<> {...}");
  if constexpr (traits::kind == msg::function_type::asyncgen && sizeof...(A) > 0) {
    using call = detail::call_with_body<Fn, A...>;
    using body = detail::generator_body<Fn, std::remove_reference_t<typename call::body>>;
    static_assert(
        body::fits,
        "the last argument of stream_from must be a body [&](receive_stream<T>& in) -> task<> {...}");
    static_assert(
        detail::safe_body<typename call::body>,
        "a temporary body that captures by value is destroyed twice by g++ 12; capture by reference, or "
        "name it on a line of its own and pass the name");
    if constexpr (body::fits) {
      typename call::all given(std::forward<A>(args_and_body)...);
      msg::buffer args = call::encode(given);
      return detail::dialog_access::call_generator<Fn, typename body::type::value_type, typename body::item,
                                                   detail::held<typename call::body>>(link_, std::move(args),
                                                                                      call::last(given));
    }
  }
}

}  // namespace tractor
