// Plain structs, without any macro, as lists of their members. Costs compile time: include it where needed.
#pragma once

#include <boost/pfr/core.hpp>
#include <tractor/msg/describe.hpp>
#include <tractor/msg/text.hpp>
#include <tractor/msg/wire.hpp>

namespace tractor::msg {

namespace detail {

template <class T> inline constexpr bool is_std_array = false;
template <class T, std::size_t Size> inline constexpr bool is_std_array<std::array<T, Size>> = true;

/// A struct without constructors, bases and description. Its members may be anything but C arrays: use
/// std::array.
template <class T>
concept plain_struct = std::is_class_v<T> && std::is_aggregate_v<T> && !is_std_array<T> && !described<T> &&
                       !derived_aggregate<T> && std::copyable<T>;

template <class T> constexpr std::size_t member_count() {
  if constexpr (std::is_empty_v<T>)
    return 0;
  else
    return boost::pfr::tuple_size_v<T>;
}

template <class T, class Index> struct plain_parts;
template <class T, std::size_t... I> struct plain_parts<T, std::index_sequence<I...>> {
  using type = wire_parts<boost::pfr::tuple_element_t<I, T>...>;
};

}  // namespace detail

/// A list that is shorter than the struct leaves the last members as they are; a longer one is an error.
template <detail::plain_struct T> struct wire_traits<T> {
  static constexpr std::size_t size = detail::member_count<T>();
  using parts = typename detail::plain_parts<T, std::make_index_sequence<size>>::type;
  static constexpr unsigned kinds = kind_bit(kind::list);

  static void encode(writer& to, const T& value) {
    to.array_header(size);
    each(value, [&](const auto& member, auto) { msg::encode(to, member); });
  }

  static void decode(reader& from, T& value) {
    std::size_t at = size;
    try {
      const reader::nesting level(from);
      const std::size_t count = from.array_header();
      if (count > size) fail_longer(count);
      each(value, [&](auto& member, std::size_t index) {
        if (index >= count) return;
        at = index;
        decode_into(from, member);
      });
    } catch (codec_error& wrong) {
      if (at != size) wrong.prepend_index(at);
      if (from.depth() == 0) wrong.prepend_field(short_type_name<T>());
      throw;
    }
  }

  static std::string name() { return detail::struct_name<T>(); }

  static void append_text(std::string& out, const T& value) {
    out += short_type_name<T>();
    out += '{';
    each(value, [&](const auto& member, std::size_t index) {
      if (index != 0) out += ", ";
      msg::append_text(out, member);
    });
    out += '}';
  }

 private:
  template <class Value, class Visit> static void each(Value& value, Visit&& visit) {
    if constexpr (size != 0) boost::pfr::for_each_field(value, visit);
  }
  [[noreturn]] static void fail_longer(std::size_t count) {
    throw codec_error("at most " + std::to_string(size) + " elements", std::to_string(count));
  }
};

}  // namespace tractor::msg
