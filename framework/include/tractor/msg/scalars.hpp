// Numbers, text, bytes, nil and times on the wire.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <span>
#include <string>
#include <tractor/msg/text.hpp>
#include <tractor/msg/wire.hpp>
#include <variant>
#include <vector>

namespace tractor::msg {

namespace detail {

template <class T>
concept wire_integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, wchar_t> &&
                       !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <wire_integer T> void put_integer(writer& to, T value) {
  if constexpr (std::signed_integral<T>)
    to.integer(value);
  else
    to.unsigned_integer(value);
}

[[noreturn]] TRACTOR_API void fail_size(const char* what, std::size_t expected, std::size_t found);
/// Says that a time, in its reader's unit, is more than that reader's integer holds.
[[noreturn]] TRACTOR_API void fail_units(std::int64_t units);
/// Nanoseconds of a time given in seconds; throws codec_error beyond the 292 years that fit.
TRACTOR_API void check_nanoseconds(long double nanoseconds);

}  // namespace detail

template <> struct wire_traits<bool> {
  static constexpr unsigned kinds = kind_bit(kind::boolean);
  static void encode(writer& to, bool value) { to.boolean(value); }
  static void decode(reader& from, bool& value) { value = from.boolean(); }
  static std::string name() { return "bool"; }
};

template <detail::wire_integer T> struct wire_traits<T> {
  static constexpr unsigned kinds = kind_bit(kind::integer);
  static void encode(writer& to, T value) { detail::put_integer(to, value); }
  static void decode(reader& from, T& value) { value = from.integer_as<T>(); }
  static std::string name() { return "int"; }
};

/// An enum travels as the number beneath it; numbers without a name are not refused.
template <class T>
requires std::is_enum_v<T>
struct wire_traits<T> {
  using number = std::underlying_type_t<T>;
  static constexpr unsigned kinds = kind_bit(kind::integer);
  static void encode(writer& to, T value) { detail::put_integer(to, static_cast<number>(value)); }
  static void decode(reader& from, T& value) { value = static_cast<T>(from.integer_as<number>()); }
  static std::string name() { return "int"; }
};

template <> struct wire_traits<double> {
  static constexpr unsigned kinds = kind_bit(kind::real) | kind_bit(kind::integer);
  static void encode(writer& to, double value) { to.real(value); }
  static void decode(reader& from, double& value) { value = from.real(); }
  static std::string name() { return "float"; }
};

template <> struct wire_traits<float> {
  static constexpr unsigned kinds = kind_bit(kind::real) | kind_bit(kind::integer);
  static void encode(writer& to, float value) { to.real32(value); }
  static void decode(reader& from, float& value) { value = static_cast<float>(from.real()); }
  static std::string name() { return "float"; }
};

template <> struct wire_traits<std::monostate> {
  static constexpr unsigned kinds = kind_bit(kind::nil);
  static void encode(writer& to, std::monostate) { to.nil(); }
  static void decode(reader& from, std::monostate&) { from.nil(); }
  static std::string name() { return "none"; }
};

template <> struct wire_traits<std::string> {
  static constexpr unsigned kinds = kind_bit(kind::str);
  static void encode(writer& to, const std::string& value) { to.str(value); }
  static void decode(reader& from, std::string& value) { value = from.str(); }
  static std::string name() { return "str"; }
  static void append_text(std::string& out, const std::string& value) { append_quoted(out, value); }
};

/// Decodes into a view of the bytes read: only for callers that keep those.
template <> struct wire_traits<std::string_view> {
  static constexpr bool is_view = true;
  static constexpr unsigned kinds = kind_bit(kind::str);
  static void encode(writer& to, std::string_view value) { to.str(value); }
  static void decode(reader& from, std::string_view& value) { value = from.str(); }
  static std::string name() { return "str"; }
  static void append_text(std::string& out, std::string_view value) { append_quoted(out, value); }
};

template <> struct wire_traits<std::vector<std::byte>> {
  static constexpr unsigned kinds = kind_bit(kind::bin);
  static void encode(writer& to, const std::vector<std::byte>& value) { to.bin(value); }
  static void decode(reader& from, std::vector<std::byte>& value) {
    const byte_view bytes = from.bin();
    value.assign(bytes.begin(), bytes.end());
  }
  static std::string name() { return "bytes"; }
};

template <std::size_t Size> struct wire_traits<std::array<std::byte, Size>> {
  static constexpr unsigned kinds = kind_bit(kind::bin);
  static void encode(writer& to, const std::array<std::byte, Size>& value) { to.bin(value); }
  static void decode(reader& from, std::array<std::byte, Size>& value) {
    const byte_view bytes = from.bin();
    if (bytes.size() != Size) detail::fail_size("bytes", Size, bytes.size());
    if constexpr (Size != 0) std::memcpy(value.data(), bytes.data(), Size);
  }
  static std::string name() { return "bytes"; }
};

/// Decodes into a view of the bytes read: only for callers that keep those.
template <> struct wire_traits<byte_view> {
  static constexpr bool is_view = true;
  static constexpr unsigned kinds = kind_bit(kind::bin);
  static void encode(writer& to, byte_view value) { to.bin(value); }
  static void decode(reader& from, byte_view& value) { value = from.bin(); }
  static std::string name() { return "bytes"; }
};

/// A duration travels as whole nanoseconds; the reader's coarser unit drops the rest.
template <class Rep, class Period> struct wire_traits<std::chrono::duration<Rep, Period>> {
  using type = std::chrono::duration<Rep, Period>;
  static constexpr unsigned kinds = kind_bit(kind::integer);
  static void encode(writer& to, const type& value) {
    detail::check_nanoseconds(std::chrono::duration<long double, std::nano>(value).count());
    to.integer(std::chrono::duration_cast<std::chrono::nanoseconds>(value).count());
  }
  static void decode(reader& from, type& value) {
    const std::chrono::nanoseconds sent(from.integer());
    if constexpr (std::integral<Rep>) {
      const auto units =
          std::chrono::duration_cast<std::chrono::duration<std::int64_t, Period>>(sent).count();
      if (!std::in_range<Rep>(units)) detail::fail_units(units);
      value = type(static_cast<Rep>(units));
    } else {
      value = std::chrono::duration_cast<type>(sent);
    }
  }
  static std::string name() { return "int"; }
};

/// A time of the system clock travels as nanoseconds since 1970. Times of other clocks mean nothing
/// elsewhere.
template <class Duration> struct wire_traits<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using type = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static constexpr unsigned kinds = kind_bit(kind::integer);
  static void encode(writer& to, const type& value) {
    wire_traits<Duration>::encode(to, value.time_since_epoch());
  }
  static void decode(reader& from, type& value) {
    Duration since{};
    wire_traits<Duration>::decode(from, since);
    value = type(since);
  }
  static std::string name() { return "int"; }
};

}  // namespace tractor::msg
