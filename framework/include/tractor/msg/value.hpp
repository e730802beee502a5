// Values whose type is known only when they are there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <tractor/msg/text.hpp>
#include <tractor/msg/wire.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace tractor::msg {

/// A value of an extension type of MessagePack, kept as it came.
struct ext_value {
  std::int8_t type = 0;
  std::vector<std::byte> bytes;
  bool operator==(const ext_value&) const = default;
};

/// Any MessagePack value, owned: nil, bool, integers, float, text, bytes, list, map.
///
/// Integers are kept as int64 and as uint64 only above its range. Maps keep their order and may have keys of
/// any type. For logs, the prompt and peers without a schema: typed code decodes straight into its own types.
class TRACTOR_API value {
 public:
  using bytes = std::vector<std::byte>;
  using list = std::vector<value>;
  using entry = std::pair<value, value>;
  using map = std::vector<entry>;
  using variant = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, bytes,
                               list, map, ext_value>;

  value() noexcept;
  value(std::nullptr_t) noexcept : value() {}
  value(bool flag);
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) value(Number number) : value() {
    if constexpr (std::signed_integral<Number>)
      set_integer(number);
    else
      set_unsigned(number);
  }
  value(double number);
  value(std::string text);
  value(std::string_view text);
  value(const char* text);
  value(bytes data);
  value(list items);
  value(map entries);
  value(ext_value data);
  value(const value& other);
  value(value&& other) noexcept;
  value& operator=(const value& other);
  value& operator=(value&& other) noexcept;
  ~value();

  bool is_nil() const noexcept;
  const variant& held() const noexcept { return held_; }

  /// Returns the value held if it is a T of the variant, else nullptr.
  template <class T> const T* get_if() const noexcept { return std::get_if<T>(&held_); }

  /// Returns the entry of a map with this text key, or nullptr if there is none or this is no map.
  const value* find(std::string_view key) const noexcept;

  /// Reads the value as a T, with the checks of decode. Throws codec_error.
  template <class T> T as() const { return decode_all<T>(encoded(*this).view()); }

  bool operator==(const value& other) const noexcept;

 private:
  void set_integer(std::int64_t number);
  void set_unsigned(std::uint64_t number);

  variant held_;
};

/// One value of any type, owned, as its MessagePack bytes; nil to begin with.
class raw {
 public:
  raw() = default;
  /// Copies the bytes of exactly one value. Throws codec_error for anything else.
  TRACTOR_API explicit raw(byte_view encoded);

  template <class T> static raw of(const T& value) {
    raw made;
    made.bytes_ = encoded(value);
    return made;
  }

  /// The bytes; they live as long as this object is unchanged.
  TRACTOR_API byte_view view() const noexcept;

  template <class T> T as() const { return decode_all<T>(view()); }

  TRACTOR_API bool operator==(const raw& other) const noexcept;

 private:
  buffer bytes_;  // empty means nil
};

template <> struct TRACTOR_API wire_traits<value> {
  static void encode(writer& to, const value& any);
  static void decode(reader& from, value& any);
  static std::string name() { return "any"; }
  static void append_text(std::string& out, const value& any);
};

template <> struct wire_traits<raw> {
  static void encode(writer& to, const raw& any) { to.raw(any.view()); }
  static void decode(reader& from, raw& any) { any = raw(from.skip()); }
  static std::string name() { return "any"; }
  static void append_text(std::string& out, const raw& any) { append_raw_text(out, any.view()); }
};

}  // namespace tractor::msg
