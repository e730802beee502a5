// What may travel: the concept, the customisation point and the calls to encode and decode.
#pragma once

#include <concepts>
#include <string>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/reader.hpp>
#include <tractor/msg/writer.hpp>
#include <type_traits>

namespace tractor::msg {

/// A list of types; `wire_traits<T>::parts` names with it what a T holds.
template <class... T> struct wire_parts {};

/// Says how a T travels. Specialise it for a type of your own:
///
///     template <> struct tractor::msg::wire_traits<point> {
///       static void encode(writer& to, const point& p);   // writes exactly one value
///       static void decode(reader& from, point& p);       // or: static point decode(reader& from)
///       static std::string name() { return "point"; }     // the same in every program
///       // optional:
///       using parts = wire_parts<double>;                 // types it holds, checked to be wire types too
///       static constexpr unsigned kinds = kind_bit(kind::list);   // what it looks like; needed inside
///       unions static void append_text(std::string& out, const point& p);
///     };
template <class T> struct wire_traits {};

constexpr unsigned kind_bit(kind of) noexcept { return 1U << static_cast<unsigned>(of); }
inline constexpr unsigned any_kind = 0x1ff;

namespace detail {

template <class T>
concept decodes_in_place = requires(reader& from, T& value) {
  wire_traits<T>::decode(from, value);
};
template <class T>
concept decodes_by_value = requires(reader& from) {
  { wire_traits<T>::decode(from) } -> std::same_as<T>;
};
template <class T>
concept has_wire_traits = requires(writer& to, const T& value) {
  wire_traits<T>::encode(to, value);
  { wire_traits<T>::name() } -> std::convertible_to<std::string>;
}
&&(decodes_in_place<T> || decodes_by_value<T>);

template <class T> struct parts_of { using type = wire_parts<>; };
template <class T>
requires requires { typename wire_traits<T>::parts; }
struct parts_of<T> {
  using type = typename wire_traits<T>::parts;
};

template <class T, class... Seen> constexpr bool is_wire(wire_parts<Seen...>);

template <class... Part, class... Seen>
constexpr bool all_wire(wire_parts<Part...>, [[maybe_unused]] wire_parts<Seen...> seen) {
  return (is_wire<Part>(seen) && ...);
}

// Seen holds the types on the way down, so that a tree which holds a list of trees comes to an end.
template <class T, class... Seen> constexpr bool is_wire(wire_parts<Seen...>) {
  if constexpr ((std::is_same_v<T, Seen> || ...))
    return true;
  else if constexpr (has_wire_traits<T>)
    return all_wire(typename parts_of<T>::type{}, wire_parts<T, Seen...>{});
  else
    return false;
}

template <class T> constexpr unsigned kinds_of() {
  if constexpr (requires { wire_traits<T>::kinds; })
    return wire_traits<T>::kinds;
  else
    return any_kind;
}

template <class T, class... Seen> constexpr bool holds_view(wire_parts<Seen...>);
template <class... Part, class... Seen>
constexpr bool any_view(wire_parts<Part...>, [[maybe_unused]] wire_parts<Seen...> seen) {
  return (holds_view<Part>(seen) || ...);
}
template <class T, class... Seen> constexpr bool holds_view(wire_parts<Seen...>) {
  if constexpr ((std::is_same_v<T, Seen> || ...))
    return false;
  else if constexpr (requires { wire_traits<T>::is_view; })
    return wire_traits<T>::is_view;
  else
    return any_view(typename parts_of<T>::type{}, wire_parts<T, Seen...>{});
}

}  // namespace detail

/// T, and all that it holds, can be encoded and decoded.
template <class T>
concept wire_type = detail::is_wire<T>(wire_parts<>{});

/// Whether a decoded T points into the bytes that it was decoded from (std::string_view, byte_view).
template <class T> inline constexpr bool is_wire_view = detail::holds_view<T>(wire_parts<>{});

namespace detail {

template <class T> struct to_any_base_of {
  template <class Base>
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>) operator Base() const;
};

/// Whether T is an aggregate that derives from something: reflection without macros does not see into bases.
template <class T>
concept derived_aggregate = std::is_aggregate_v<T> && requires {
  T{to_any_base_of<T>{}};
};

/// Fails to compile with a sentence on what to do if T cannot travel.
template <class T> constexpr bool require_wire() {
  static_assert(!std::is_reference_v<T>, "a reference cannot travel between processes: send a value");
  static_assert(!std::is_pointer_v<T>,
                "a pointer cannot travel between processes: send what it points to "
                "(std::string for text, std::optional for what may be missing)");
  static_assert(
      !std::is_array_v<T>,
      "an array cannot travel: name a std::string or std::string_view for text, a std::array for elements");
  if constexpr (!std::is_reference_v<T> && !std::is_pointer_v<T> && !std::is_array_v<T>) {
    constexpr bool known = has_wire_traits<T>;
    constexpr bool plain = std::is_aggregate_v<T> && !derived_aggregate<T>;
    static_assert(
        known || !std::is_class_v<T> || plain,
        "a class with constructors, private members or bases cannot travel by itself: describe it "
        "with BOOST_DESCRIBE_STRUCT / BOOST_DESCRIBE_CLASS or specialise tractor::msg::wire_traits");
    static_assert(known || !std::is_class_v<T> || !plain,
                  "include <tractor/msg/aggregate.hpp> to send plain structs, or describe this one with "
                  "BOOST_DESCRIBE_STRUCT");
    static_assert(known || std::is_class_v<T>, "this type cannot travel between processes");
    static_assert(!known || wire_type<T>,
                  "this type holds something that cannot travel between processes: a pointer, a reference or "
                  "a class with constructors that is not described with BOOST_DESCRIBE_STRUCT");
  }
  return wire_type<T>;
}

}  // namespace detail

/// Returns our own spelling of T, the same for every compiler: int, list<str>, optional<float>, shop::order.
template <class T> const std::string& wire_name() {
  if constexpr (std::is_void_v<T>) {
    static const std::string name = "none";
    return name;
  } else {
    detail::require_wire<T>();
    static const std::string name = wire_traits<T>::name();
    return name;
  }
}

/// Appends `value` to the writer's buffer. Throws codec_error for a value that has no form on the wire.
template <class T> void encode(writer& to, const T& value) {
  if constexpr (detail::require_wire<T>()) wire_traits<T>::encode(to, value);
}

/// Reads one value into `value`. Containers are replaced; members whose key is absent keep what they hold.
///
/// Throws codec_error, which leaves `value` valid but unspecified.
template <class T> void decode_into(reader& from, T& value) {
  if constexpr (detail::require_wire<T>()) {
    if constexpr (detail::decodes_in_place<T>)
      wire_traits<T>::decode(from, value);
    else
      value = wire_traits<T>::decode(from);
  }
}

/// Reads one value. decode<void> reads a nil.
template <class T> T decode(reader& from) {
  if constexpr (std::is_void_v<T>) {
    from.nil();
  } else if constexpr (detail::require_wire<T>()) {
    if constexpr (detail::decodes_by_value<T>) {
      return wire_traits<T>::decode(from);
    } else {
      static_assert(
          std::default_initializable<T>,
          "a type without default constructor needs wire_traits<T>::decode(reader&) that returns it");
      T value{};
      wire_traits<T>::decode(from, value);
      return value;
    }
  }
}

/// Throws codec_error unless the reader stands behind the last byte.
TRACTOR_API void expect_end(const reader& from);

/// Reads one value that must fill `bytes` exactly.
template <class T> void decode_all(byte_view bytes, T& value, limits bounds = {}) {
  reader from(bytes, bounds);
  decode_into(from, value);
  expect_end(from);
}

/// Reads one value that must fill `bytes` exactly, and returns it.
template <class T> T decode_all(byte_view bytes, limits bounds = {}) {
  reader from(bytes, bounds);
  T value = decode<T>(from);
  expect_end(from);
  return value;
}

/// Encodes `value` into a buffer of its own.
template <class T> buffer encoded(const T& value) {
  buffer out;
  writer to(out);
  encode(to, value);
  return out;
}

}  // namespace tractor::msg
