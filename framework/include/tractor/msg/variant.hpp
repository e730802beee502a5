// Unions on the wire: a value of any one of several types.
#pragma once

#include <array>
#include <exception>
#include <limits>
#include <tractor/msg/containers.hpp>
#include <tractor/msg/describe.hpp>
#include <variant>

namespace tractor::msg {

namespace detail {

inline constexpr int no_match = std::numeric_limits<int>::min();

/// The kinds that T itself writes: a float reads integers too, but gives way to an alternative that is one.
template <class T> constexpr unsigned native_kinds() {
  constexpr unsigned all = kinds_of<T>();
  if constexpr (all == any_kind)
    return 0;
  else if constexpr ((all & kind_bit(kind::real)) != 0)
    return all & ~kind_bit(kind::integer);
  else
    return all;
}

/// Scores how well the keys of the map in `from` fit the struct T.
template <described T> int key_score(reader from) {
  constexpr int members = static_cast<int>(boost::mp11::mp_size<detail::members<T>>::value);
  int score = -members;
  for (std::size_t left = from.map_header(); left != 0; --left) {
    const std::string_view key = from.str();
    if (key == tag_key && from.peek() == kind::str) {
      if constexpr (tagged<T>) {
        if (from.str() != T::wire_tag) return no_match;
        return 1 << 20;
      }
    }
    from.skip();
    bool known = false;
    for_each_member<T>([&](auto member) { known = known || key == member.name; });
    score += known ? 2 : -1;
  }
  return tagged<T> ? no_match : score;
}

template <described A, described B> constexpr bool same_keys() {
  if constexpr (std::is_same_v<A, B> || tagged<A> || tagged<B> ||
                boost::mp11::mp_size<members<A>>::value != boost::mp11::mp_size<members<B>>::value) {
    return false;
  } else {
    bool all = true;
    boost::mp11::mp_for_each<members<A>>([&](auto a) {
      bool found = false;
      boost::mp11::mp_for_each<members<B>>(
          [&](auto b) { found = found || std::string_view(a.name) == std::string_view(b.name); });
      all = all && found;
    });
    return all;
  }
}
template <class A, class... Others> constexpr bool keys_clash() {
  const auto clash = []<class B>(std::type_identity<B>) {
    if constexpr (described<A> && described<B>)
      return same_keys<A, B>();
    else
      return false;
  };
  return (clash(std::type_identity<Others>{}) || ...);
}

}  // namespace detail

/// A union travels as the bare value of its alternative.
///
/// The reader takes the alternative that writes the class of value found (nil, boolean, integer, float,
/// string, bytes, list, map), else the first that accepts it. Among several maps the one whose `wire_tag`
/// matches the key `msg_type`, else the one whose member names fit best, comes first; among several lists the
/// order of the union counts. Alternatives that then fail are passed over; if all fail, the error of the
/// first is thrown.
template <class... T> struct wire_traits<std::variant<T...>> {
  using type = std::variant<T...>;
  using parts = wire_parts<T...>;
  static constexpr std::size_t size = sizeof...(T);
  static constexpr unsigned kinds = (detail::kinds_of<T>() | ...);

  static void encode(writer& to, const type& value) {
    check();
    if (value.valueless_by_exception()) throw codec_error(name(), "a union without value");
    std::visit([&](const auto& held) { msg::encode(to, held); }, value);
  }

  static void decode(reader& from, type& value) {
    check();
    std::array<int, size> scores = score(from);
    std::size_t index = best(scores);
    if (scores[index] == detail::no_match) from.fail(name());
    const byte_view start = from.rest();
    std::exception_ptr first;
    while (true) {
      scores[index] = detail::no_match;
      const std::size_t next = best(scores);
      const bool last = scores[next] == detail::no_match;
      if (last && !first) return decode_as(from, value, index);
      try {
        return decode_as(from, value, index);
      } catch (const codec_error&) {
        if (!first) first = std::current_exception();
        if (last) std::rethrow_exception(first);
      }
      from.rewind(start);
      index = next;
    }
  }

  static std::string name() {
    std::string all;
    ((all += (all.empty() ? "" : ",") + wire_name<T>()), ...);
    return "union<" + all + ">";
  }

  static void append_text(std::string& out, const type& value) {
    if (value.valueless_by_exception())
      out += "nothing";
    else
      std::visit([&](const auto& held) { msg::append_text(out, held); }, value);
  }

 private:
  static constexpr void check() {
    static_assert(
        !(detail::keys_clash<T, T...>() || ...),
        "two structs of a union have the same member names, so a reader cannot tell them apart: give "
        "each a 'static constexpr std::string_view wire_tag = \"name\";'");
  }

  static std::array<int, size> score(const reader& from) {
    const unsigned bit = kind_bit(from.peek());
    const bool native = ((detail::native_kinds<T>() & bit) | ...) != 0;
    return {score_one<T>(from, bit, native)...};
  }
  template <class Alternative> static int score_one(const reader& from, unsigned bit, bool native) {
    const unsigned takes = native ? detail::native_kinds<Alternative>() : detail::kinds_of<Alternative>();
    if ((takes & bit) == 0) return detail::no_match;
    if constexpr (detail::described<Alternative>) return detail::key_score<Alternative>(from);
    return 0;
  }
  static std::size_t best(const std::array<int, size>& scores) {
    std::size_t at = 0;
    for (std::size_t i = 1; i < size; ++i)
      if (scores[i] > scores[at]) at = i;
    return at;
  }

  static void decode_as(reader& from, type& value, std::size_t index) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == index ? static_cast<void>(value.template emplace<I>(msg::decode<T>(from))) : void()), ...);
    }
    (std::make_index_sequence<size>{});
  }
};

}  // namespace tractor::msg
