// Lists, sets, maps, tuples and optional values on the wire.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tractor/msg/scalars.hpp>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tractor::msg {

namespace detail {

template <class T> inline constexpr bool is_list_like = false;
template <class T, class A>
inline constexpr bool is_list_like<std::vector<T, A>> = !std::is_same_v<T, std::byte>;
template <class T, class A> inline constexpr bool is_list_like<std::deque<T, A>> = true;
template <class T, class A> inline constexpr bool is_list_like<std::list<T, A>> = true;

template <class T> inline constexpr bool is_set_like = false;
template <class T, class C, class A> inline constexpr bool is_set_like<std::set<T, C, A>> = true;
template <class T, class H, class E, class A>
inline constexpr bool is_set_like<std::unordered_set<T, H, E, A>> = true;

template <class T> inline constexpr bool is_map_like = false;
template <class K, class V, class C, class A> inline constexpr bool is_map_like<std::map<K, V, C, A>> = true;
template <class K, class V, class H, class E, class A>
inline constexpr bool is_map_like<std::unordered_map<K, V, H, E, A>> = true;

/// Calls `step(i)` for i in [0, count) and puts the index into the path of an error.
template <class Step> void indexed(std::size_t count, Step&& step) {
  std::size_t i = 0;
  try {
    for (; i < count; ++i) step(i);
  } catch (codec_error& wrong) {
    wrong.prepend_index(i);
    throw;
  }
}

// Announced counts are bounded by the bytes that came, but an element may be far larger here than there.
template <class T> std::size_t first_reserve(std::size_t count) {
  return std::min(count, std::max<std::size_t>(1, 65536 / sizeof(T)));
}

template <class List> void append_list_text(std::string& out, const List& list, char open, char close) {
  out += open;
  const char* comma = "";
  for (const auto& item : list) {
    out += comma;
    append_text<typename List::value_type>(out, item);
    comma = ", ";
  }
  out += close;
}

}  // namespace detail

template <class List>
requires detail::is_list_like<List>
struct wire_traits<List> {
  using item = typename List::value_type;
  using parts = wire_parts<item>;
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const List& value) {
    to.array_header(value.size());
    for (const auto& each : value) msg::encode<item>(to, each);
  }
  static void decode(reader& from, List& value) {
    const reader::nesting level(from);
    const std::size_t count = from.array_header();
    value.clear();
    if constexpr (requires { value.reserve(count); }) value.reserve(detail::first_reserve<item>(count));
    detail::indexed(count, [&](std::size_t) {
      if constexpr (detail::decodes_in_place<item> && !std::is_same_v<item, bool>)
        decode_into(from, value.emplace_back());
      else
        value.push_back(msg::decode<item>(from));
    });
  }
  static std::string name() { return "list<" + wire_name<item>() + ">"; }
  static void append_text(std::string& out, const List& value) {
    detail::append_list_text(out, value, '[', ']');
  }
};

/// A set travels as a list; elements that occur twice are kept once.
template <class Set>
requires detail::is_set_like<Set>
struct wire_traits<Set> {
  using item = typename Set::value_type;
  using parts = wire_parts<item>;
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const Set& value) {
    to.array_header(value.size());
    for (const auto& each : value) msg::encode(to, each);
  }
  static void decode(reader& from, Set& value) {
    const reader::nesting level(from);
    const std::size_t count = from.array_header();
    value.clear();
    detail::indexed(count, [&](std::size_t) { value.insert(msg::decode<item>(from)); });
  }
  static std::string name() { return "list<" + wire_name<item>() + ">"; }
  static void append_text(std::string& out, const Set& value) {
    detail::append_list_text(out, value, '[', ']');
  }
};

/// A std::array travels as a list of exactly its size.
template <class T, std::size_t Size>
requires(!std::is_same_v<T, std::byte>) struct wire_traits<std::array<T, Size>> {
  using parts = wire_parts<T>;
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const std::array<T, Size>& value) {
    to.array_header(Size);
    for (const auto& each : value) msg::encode(to, each);
  }
  static void decode(reader& from, std::array<T, Size>& value) {
    const reader::nesting level(from);
    const std::size_t count = from.array_header();
    if (count != Size) detail::fail_size("elements", Size, count);
    detail::indexed(Size, [&](std::size_t i) { decode_into(from, value[i]); });
  }
  static std::string name() { return "list<" + wire_name<T>() + ">"; }
  static void append_text(std::string& out, const std::array<T, Size>& value) {
    detail::append_list_text(out, value, '[', ']');
  }
};

/// A map keeps the last of several equal keys.
template <class Map>
requires detail::is_map_like<Map>
struct wire_traits<Map> {
  using key = typename Map::key_type;
  using mapped = typename Map::mapped_type;
  using parts = wire_parts<key, mapped>;
  static constexpr unsigned kinds = kind_bit(kind::map);
  static void encode(writer& to, const Map& value) {
    to.map_header(value.size());
    for (const auto& [k, v] : value) {
      msg::encode(to, k);
      msg::encode(to, v);
    }
  }
  static void decode(reader& from, Map& value) {
    const reader::nesting level(from);
    value.clear();
    for (std::size_t left = from.map_header(); left != 0; --left) {
      key k = msg::decode<key>(from);
      try {
        value.insert_or_assign(k, msg::decode<mapped>(from));
      } catch (codec_error& wrong) {
        wrong.prepend_key(to_text(k));
        throw;
      }
    }
  }
  static std::string name() { return "map<" + wire_name<key>() + "," + wire_name<mapped>() + ">"; }
  static void append_text(std::string& out, const Map& value) {
    out += '{';
    const char* comma = "";
    for (const auto& [k, v] : value) {
      out += comma;
      msg::append_text(out, k);
      out += ": ";
      msg::append_text(out, v);
      comma = ", ";
    }
    out += '}';
  }
};

/// An empty optional is nil. One whose value may itself be nil would be ambiguous and does not travel.
template <class T>
requires(!(detail::kinds_of<T>() & kind_bit(kind::nil)) ||
         detail::kinds_of<T>() == any_kind) struct wire_traits<std::optional<T>> {
  using parts = wire_parts<T>;
  static constexpr unsigned kinds = detail::kinds_of<T>() | kind_bit(kind::nil);
  static void encode(writer& to, const std::optional<T>& value) {
    if (value)
      msg::encode(to, *value);
    else
      to.nil();
  }
  static void decode(reader& from, std::optional<T>& value) {
    if (from.try_nil())
      value.reset();
    else if constexpr (detail::decodes_in_place<T>)
      decode_into(from, value.emplace());
    else
      value = msg::decode<T>(from);
  }
  static std::string name() { return "optional<" + wire_name<T>() + ">"; }
  static void append_text(std::string& out, const std::optional<T>& value) {
    if (value)
      msg::append_text(out, *value);
    else
      out += "nil";
  }
};

namespace detail {

/// std::pair and std::tuple: a list of exactly as many elements.
template <class Tuple, class... T> struct tuple_traits {
  using parts = wire_parts<T...>;
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const Tuple& value) {
    to.array_header(sizeof...(T));
    std::apply([&](const auto&... each) { (msg::encode(to, each), ...); }, value);
  }
  static void decode(reader& from, Tuple& value) {
    const reader::nesting level(from);
    const std::size_t count = from.array_header();
    if (count != sizeof...(T)) fail_size("elements", sizeof...(T), count);
    std::size_t i = 0;
    try {
      std::apply([&](auto&... each) { ((decode_into(from, each), ++i), ...); }, value);
    } catch (codec_error& wrong) {
      wrong.prepend_index(i);
      throw;
    }
  }
  static std::string name() {
    std::string all;
    ((all += (all.empty() ? "" : ",") + wire_name<T>()), ...);
    return "tuple<" + all + ">";
  }
  static void append_text(std::string& out, const Tuple& value) {
    out += '(';
    const char* comma = "";
    const auto add = [&](const auto& each) {
      out += comma;
      msg::append_text(out, each);
      comma = ", ";
    };
    std::apply([&](const auto&... each) { (add(each), ...); }, value);
    out += ')';
  }
};

}  // namespace detail

template <class... T> struct wire_traits<std::tuple<T...>> : detail::tuple_traits<std::tuple<T...>, T...> {};
template <class A, class B>
struct wire_traits<std::pair<A, B>> : detail::tuple_traits<std::pair<A, B>, A, B> {};

}  // namespace tractor::msg
