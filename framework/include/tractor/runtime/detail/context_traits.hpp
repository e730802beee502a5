// The tags of a context, and what they come to.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "tractor/runtime/msg_stream.hpp"

namespace tractor {

/// The endpoint's first value, which lets its caller go on; `starts<void>` has none but is said by hand.
template <class... T> struct starts {};
/// The items that the endpoint receives. Several types make a `std::variant`.
template <class... T> struct receives {};
/// The items that the endpoint sends.
template <class... T> struct sends {};

namespace detail {

template <class... T> struct one_of { using type = std::variant<T...>; };
template <class T> struct one_of<T> { using type = T; };
template <> struct one_of<> { using type = void; };

// What a tag of one kind holds; void when there is none of that kind.
template <template <class...> class Tag, class... Tags> struct tagged {
  static constexpr bool found = false;
  using type = void;
};
template <template <class...> class Tag, class... T, class... Rest> struct tagged<Tag, Tag<T...>, Rest...> {
  static constexpr bool found = true;
  using type = typename one_of<T...>::type;
  static_assert(!tagged<Tag, Rest...>::found, "each tag of a context stands there at most once");
};
template <template <class...> class Tag, class Other, class... Rest>
struct tagged<Tag, Other, Rest...> : tagged<Tag, Rest...> {};

template <class T> inline constexpr bool is_context_tag = false;
template <class... T> inline constexpr bool is_context_tag<starts<T...>> = true;
template <class... T> inline constexpr bool is_context_tag<receives<T...>> = true;
template <class... T> inline constexpr bool is_context_tag<sends<T...>> = true;

/// Room for a value that may be void.
template <class T> using storable = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T> constexpr bool travels() {
  if constexpr (std::is_void_v<T>)
    return true;
  else
    return msg::wire_type<T>;
}

template <class... Tags> struct context_types {
  static_assert((is_context_tag<Tags> && ...),
                "the tags of a context are starts<T>, receives<T> and sends<T>");
  using starts = typename tagged<tractor::starts, Tags...>::type;
  using receives = typename tagged<tractor::receives, Tags...>::type;
  using sends = typename tagged<tractor::sends, Tags...>::type;
  static constexpr bool starts_by_hand = tagged<tractor::starts, Tags...>::found;
  static constexpr bool has_stream = !std::is_void_v<receives> || !std::is_void_v<sends>;
};

template <class Dialog> struct types_of;
template <class... Tags> struct types_of<context<Tags...>> { using type = context_types<Tags...>; };

template <class... Tags> struct dialog_traits<context<Tags...>&> {
  static constexpr bool is_dialog = true;
  static constexpr auto kind = msg::function_type::context;
  using type = context<Tags...>;
  using types = context_types<Tags...>;
  static constexpr bool wire = travels<typename types::starts>() && travels<typename types::receives>() &&
                               travels<typename types::sends>();
  static std::string signature() {
    std::string out = "context";
    if constexpr (types::starts_by_hand) out += " starts " + msg::wire_name<typename types::starts>();
    if constexpr (!std::is_void_v<typename types::receives>)
      out += " receives " + msg::wire_name<typename types::receives>();
    if constexpr (!std::is_void_v<typename types::sends>)
      out += " sends " + msg::wire_name<typename types::sends>();
    return out;
  }
  template <class... T> static std::string layout() {
    return msg::layout_of<T..., carried<typename types::starts>, carried<typename types::receives>,
                          carried<typename types::sends>>();
  }
};

template <class T> class generator;
template <class T> struct dialog_traits<msg_stream<T, void>&> {
  static constexpr bool is_dialog = true;
  static constexpr auto kind = msg::function_type::asyncgen;
  using type = generator<T>;
  static constexpr bool wire = travels<T>();
  static std::string signature() { return "generator of " + msg::wire_name<T>(); }
  template <class... Other> static std::string layout() { return msg::layout_of<Other..., T>(); }
};

/// Decodes a value that must fill `bytes`, or the nil that stands for none.
template <class T> void decode_into_optional(msg::byte_view bytes, std::optional<T>& value) {
  if constexpr (std::is_same_v<T, std::monostate>)
    value.emplace();
  else
    value.emplace(msg::decode_all<T>(bytes));
}

/// What `open_stream()` returns: to be awaited, once; yields the stream by reference.
template <class Stream> class TRACTOR_MUST_AWAIT opening_stream final : public engine_awaitable {
 public:
  explicit opening_stream(Stream& stream) noexcept : stream_(stream) {}
  bool await_ready() const {
    raise_if_cancelled();
    return true;
  }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  Stream& await_resume() const noexcept { return stream_; }

 private:
  Stream& stream_;
};

}  // namespace detail
}  // namespace tractor
