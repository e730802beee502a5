// Functions that other actors may call: how they are named, registered and served.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/msg/codec.hpp"
#include "tractor/msg/messages.hpp"

namespace tractor {

class context_base;
template <class... Tags> class context;
template <class Send, class Receive> class msg_stream;

/// Picks one of several overloads: `portal.run<overload<int>(&f)>(4)`.
template <class... Args, class R> constexpr auto overload(R (*function)(Args...)) noexcept {
  return function;
}

namespace detail {

/// Where a served call puts its result.
class TRACTOR_API reply {
 public:
  virtual void result(const std::function<void(msg::writer&)>& put) = 0;
  /// Keeps this end of a dialog until the call is over.
  virtual void attach(std::shared_ptr<context_base> dialog) = 0;

 protected:
  virtual ~reply() = default;
};

/// One function that can be served: its names, its types, and the way to start it from a message.
class TRACTOR_API endpoint {
 public:
  std::string ns;                       ///< the enclosing namespaces, or a name given by `expose_as`
  std::string name;                     ///< the function's own name
  std::string signature;                ///< of our wire names: `(int,int)->int`
  std::vector<std::string> parameters;  ///< names for keyword arguments, if given
  std::size_t arity = 0;
  msg::function_type kind = msg::function_type::asyncfunc;
  std::string alias_of;  ///< the key of the function's own endpoint, if this is another name of it
  /// Decodes the arguments now, while the message's bytes live, and returns the call. Throws
  /// `msg_type_error`.
  task<> (*begin)(const endpoint& self, const msg::start& call, reply& to) = nullptr;
  /// The layout of the structs that travel, as text.
  std::string (*layout)() = nullptr;

  /// A hash of the layout, the same in all programs that agree on it; 0 if no struct travels.
  std::uint64_t layout_hash() const;
  std::string key() const { return ns + ":" + name + signature; }

 private:
  mutable std::optional<std::uint64_t> layout_hash_;  // made when it is first asked for
};

/// Finds the positions of a call's arguments: of `x_args`, or of `kwargs` by the endpoint's parameter names.
TRACTOR_API std::vector<msg::byte_view> argument_values(const endpoint& self, const msg::start& call);
[[noreturn]] TRACTOR_API void bad_argument(const endpoint& self, std::size_t index, const std::string& wanted,
                                           const std::string& what);

/// Adds an endpoint at start-up; two functions with one key end the program with a message that names them.
TRACTOR_API const endpoint& register_endpoint(endpoint what, const void* function);
/// Splits the compiler's spelling of a function template argument into (namespaces, name).
TRACTOR_API std::pair<std::string, std::string> function_name(std::string_view pretty);
TRACTOR_API const endpoint* find_endpoint(std::string_view ns, std::string_view name,
                                          std::string_view signature);
TRACTOR_API const endpoint* find_endpoint(std::string_view key);
/// The endpoint as peers in other languages know it: under the plain name it was given last, else `of`
/// itself.
TRACTOR_API const endpoint& plain_form(const endpoint& of);

/// What a function's first parameter makes of it: a plain call, a context or a generator. The latter two are
/// described where those classes are.
template <class First> struct dialog_traits {
  static constexpr bool is_dialog = false;
  static constexpr auto kind = msg::function_type::asyncfunc;
};

template <class F> struct function_traits { static constexpr bool valid = false; };

/// `(dialog,parameter,...)->result`, without a dialog if that is empty.
TRACTOR_API std::string signature_text(std::string dialog, std::vector<std::string> parameters,
                                       const std::string& result);

/// What stands for a value in a list of types; void is no value.
template <class T> using carried = std::conditional_t<std::is_void_v<T>, std::tuple<>, T>;

template <class R, class... A> struct call_traits {
  static constexpr bool valid = true;
  static constexpr auto kind = msg::function_type::asyncfunc;
  using dialog = void;
  using result = R;
  using arguments = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr std::size_t arity = sizeof...(A);
  static constexpr bool wire =
      (msg::wire_type<std::remove_cvref_t<A>> && ...) &&
      (std::is_void_v<R> || msg::wire_type<std::conditional_t<std::is_void_v<R>, int, R>>);
  template <class... Given> static constexpr bool takes = sizeof...(Given) == sizeof...(A);
  static std::string layout() { return msg::layout_of<std::remove_cvref_t<A>..., carried<R>>(); }
  static std::string signature(std::string dialog = {}) {
    return signature_text(std::move(dialog), {msg::wire_name<std::remove_cvref_t<A>>()...},
                          msg::wire_name<R>());
  }
};
template <class First, class R, class... A> struct dialog_call_traits : call_traits<R, A...> {
  static constexpr auto kind = dialog_traits<First>::kind;
  using dialog = typename dialog_traits<First>::type;
  static constexpr bool wire = call_traits<R, A...>::wire && dialog_traits<First>::wire;
  static std::string signature() {
    return call_traits<R, A...>::signature(dialog_traits<First>::signature());
  }
  static std::string layout() {
    return dialog_traits<First>::template layout<std::remove_cvref_t<A>..., carried<R>>();
  }
};

template <class R> struct function_traits<task<R> (*)()> : call_traits<R> {};
template <class R, class First, class... A>
struct function_traits<task<R> (*)(First, A...)>
    : std::conditional_t<dialog_traits<First>::is_dialog, dialog_call_traits<First, R, A...>,
                         call_traits<R, First, A...>> {};

template <auto Fn> constexpr void check_endpoint() {
  using type = decltype(Fn);
  static_assert(!std::is_member_function_pointer_v<type>,
                "a member function has no object in the other process");
  static_assert(std::is_member_function_pointer_v<type> || std::is_pointer_v<type>,
                "an endpoint is a function: write &f (a lambda has no name that another process could know)");
  static_assert(!std::is_pointer_v<type> || function_traits<type>::valid,
                "an endpoint is a free or static function that returns task<...>");
  if constexpr (function_traits<type>::valid)
    static_assert(
        function_traits<type>::wire,
        "every parameter and the result of an endpoint must be a wire type: numbers, text, containers, "
        "plain structs, BOOST_DESCRIBE_STRUCT types, or types with msg::wire_traits");
}

template <auto Fn> constexpr std::string_view pretty_name() { return __PRETTY_FUNCTION__; }

/// Makes the end of a context or a generator that is served, and the task that serves it; see context.hpp.
template <auto Fn, class Args> task<> begin_dialog(Args args, reply& to);

template <auto Fn, class Args> task<> serve_call(Args args, reply& to) {
  using result = typename function_traits<decltype(Fn)>::result;
  if constexpr (std::is_void_v<result>) {
    co_await std::apply(Fn, std::move(args));
    to.result([](msg::writer& out) { out.nil(); });
  } else {
    auto value = co_await std::apply(Fn, std::move(args));
    to.result([&value](msg::writer& out) { msg::encode(out, value); });
  }
}

template <auto Fn> task<> begin_call(const endpoint& self, const msg::start& call, reply& to) {
  using traits = function_traits<decltype(Fn)>;
  typename traits::arguments args;
  const std::vector<msg::byte_view> values = argument_values(self, call);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    [[maybe_unused]] auto one = [&](auto index) {
      constexpr std::size_t at = decltype(index)::value;
      try {
        msg::decode_all(values[at], std::get<at>(args));
      } catch (const std::exception& error) {
        bad_argument(self, at, msg::wire_name<std::tuple_element_t<at, typename traits::arguments>>(),
                     error.what());
      }
    };
    (one(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<traits::arity>{});
  if constexpr (traits::kind == msg::function_type::asyncfunc)
    return serve_call<Fn, typename traits::arguments>(std::move(args), to);
  else
    return begin_dialog<Fn, typename traits::arguments>(std::move(args), to);
}

template <auto Fn> const endpoint& add_endpoint() {
  using traits = function_traits<decltype(Fn)>;
  endpoint what;
  std::tie(what.ns, what.name) = function_name(pretty_name<Fn>());
  what.signature = traits::signature();
  what.arity = traits::arity;
  what.kind = traits::kind;
  what.layout = &traits::layout;
  what.begin = &begin_call<Fn>;
  return register_endpoint(std::move(what), reinterpret_cast<const void*>(Fn));
}

template <auto Fn> const endpoint& endpoint_once() {
  static const endpoint& only = add_endpoint<Fn>();
  return only;
}

/// Registered before main() in every process of the program, since its initialiser runs then. Initialisers of
/// other variables that need it may run first: they come by `endpoint_once`.
template <auto Fn> inline const endpoint& registered = endpoint_once<Fn>();

template <auto Fn> const endpoint& endpoint_of() {
  static_cast<void>(&registered<Fn>);
  return endpoint_once<Fn>();
}

}  // namespace detail
}  // namespace tractor
