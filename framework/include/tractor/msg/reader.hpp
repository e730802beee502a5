// Reads MessagePack, bounded.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <tractor/msg/buffer.hpp>
#include <tractor/msg/byte_order.hpp>

namespace tractor::msg {

/// The classes of MessagePack values.
enum class kind : std::uint8_t { nil, boolean, integer, real, str, bin, list, map, ext, invalid, end };

/// What a reader refuses beyond.
struct limits {
  /// Lists and maps inside one another.
  std::uint32_t depth = 64;
  /// Alternatives of unions that were tried in vain, in the whole of one read.
  std::uint32_t failed_alternatives = 1000;
};

/// One value of an extension type of MessagePack; the bytes belong to the frame.
struct ext_view {
  std::int8_t type = 0;
  byte_view bytes;
};

/// Reads MessagePack values one after the other from bytes owned by somebody else.
///
/// Each function reads exactly the type that it names and throws codec_error, leaving the position at the
/// offending value, when something else stands there. Nothing is allocated; counts are compared with the
/// bytes that remain before they are returned. Views point into the bytes given and live as long as those.
class reader {
 public:
  explicit reader(byte_view bytes, limits bounds = {}) noexcept
      : cursor_(bytes.data()), end_(bytes.data() + bytes.size()), bounds_(bounds) {}

  bool at_end() const noexcept { return cursor_ == end_; }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }

  /// Returns the class of the next value without reading it: `end` behind the last byte.
  TRACTOR_API kind peek() const noexcept;

  void nil() {
    if (tag() != 0xc0) [[unlikely]]
      fail("nil");
    ++cursor_;
  }
  /// Reads a nil if one comes next and says whether it did.
  bool try_nil() noexcept {
    if (at_end() || tag_unchecked() != 0xc0) return false;
    ++cursor_;
    return true;
  }
  bool boolean() {
    const auto found = tag();
    if ((found & 0xfe) != 0xc2) [[unlikely]]
      fail("a boolean");
    ++cursor_;
    return found == 0xc3;
  }

  std::int64_t integer() { return integer_as<std::int64_t>(); }
  std::uint64_t unsigned_integer() { return integer_as<std::uint64_t>(); }

  /// Reads an integer and refuses one outside the range of `Number`.
  template <std::integral Number> Number integer_as() {
    const auto found = tag();
    if (found < 0x80) {
      ++cursor_;
      return static_cast<Number>(found);
    }
    bool negative = false;
    const std::uint64_t bits = peek_integer(negative);
    using bounds = std::numeric_limits<Number>;
    const bool fits = negative
                          ? static_cast<std::int64_t>(bits) >= static_cast<std::int64_t>(bounds::min()) &&
                                std::signed_integral<Number>
                          : bits <= static_cast<std::uint64_t>(bounds::max());
    if (!fits) [[unlikely]]
      fail_range(static_cast<std::int64_t>(bounds::min()), static_cast<std::uint64_t>(bounds::max()), bits,
                 negative);
    cursor_ += integer_size(found);
    return static_cast<Number>(bits);
  }

  /// Reads a float of either size, or an integer as a float.
  TRACTOR_API double real();

  /// Reads text and checks that it is UTF-8.
  std::string_view str() {
    const auto found = tag();
    if ((found & 0xe0) == 0xa0) return text_at(1, found & 0x1f);
    return long_str(found);
  }
  TRACTOR_API byte_view bin();
  TRACTOR_API ext_view ext();

  /// Reads the header of a list and returns its count, which never exceeds the bytes that remain.
  std::size_t array_header() {
    const auto found = tag();
    if ((found & 0xf0) != 0x90) return long_header(found, 0xdc, 1, "a list");
    return count_at(1, found & 0x0f, 1);
  }
  /// Reads the header of a map and returns its number of pairs, which never exceeds half the bytes that
  /// remain.
  std::size_t map_header() {
    const auto found = tag();
    if ((found & 0xf0) != 0x80) return long_header(found, 0xde, 2, "a map");
    return count_at(1, found & 0x0f, 2);
  }

  /// Reads the string `key` if exactly that comes next in its shortest form and says whether it did.
  bool try_key(std::string_view key) noexcept {
    if (key.size() > 31 || remaining() <= key.size() || tag_unchecked() != (0xa0 | key.size()) ||
        std::memcmp(cursor_ + 1, key.data(), key.size()) != 0)
      return false;
    cursor_ += 1 + key.size();
    return true;
  }

  /// Passes over one value of any type, with all that it holds, and returns its bytes.
  ///
  /// Sizes, counts and depth are checked; the encoding of text is not.
  TRACTOR_API byte_view skip();

  /// How many lists and maps the position is inside of.
  std::uint32_t depth() const noexcept { return depth_; }

  /// Counts one level of nesting for as long as it lives.
  class nesting {
   public:
    explicit nesting(reader& from) : from_(from) {
      if (from.depth_ >= from.bounds_.depth) [[unlikely]]
        from.fail_depth();
      ++from.depth_;
    }
    ~nesting() { --from_.depth_; }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;

   private:
    reader& from_;
  };

  /// The bytes from the position on.
  byte_view rest() const noexcept { return {cursor_, remaining()}; }

  /// Returns to a position taken by `rest` before; counts as one failed alternative.
  TRACTOR_API void rewind(byte_view rest);

  /// Throws the codec_error that tells `expected` and what stands at the position.
  [[noreturn]] TRACTOR_API void fail(std::string_view expected) const;

 private:
  std::uint8_t tag_unchecked() const noexcept { return static_cast<std::uint8_t>(*cursor_); }
  std::uint8_t tag() const {
    if (at_end()) [[unlikely]]
      return 0xc1;
    return tag_unchecked();
  }
  void need(std::size_t size) const {
    if (remaining() < size) [[unlikely]]
      fail_short(size);
  }

  template <std::unsigned_integral Number> Number load(std::size_t offset) const noexcept {
    Number value;
    std::memcpy(&value, cursor_ + offset, sizeof value);
    value = detail::big_endian(value);
    return value;
  }
  static std::size_t integer_size(std::uint8_t tag) noexcept {
    return tag >= 0xe0 ? 1 : 1 + (std::size_t{1} << (tag & 3));
  }
  std::size_t count_at(std::size_t header, std::size_t count, std::size_t least_bytes) {
    if (count > (remaining() - header) / least_bytes) [[unlikely]]
      fail_count(count);
    cursor_ += header;
    return count;
  }
  std::string_view text_at(std::size_t header, std::size_t size) {
    need(header + size);
    const std::string_view text{reinterpret_cast<const char*>(cursor_) + header, size};
    if (!is_ascii(text) && !valid_utf8(text)) [[unlikely]]
      fail_utf8();
    cursor_ += header + size;
    return text;
  }
  static bool is_ascii(std::string_view text) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t word = 0;
    std::uint64_t all = 0;
    for (; left >= 8; at += 8, left -= 8) {
      std::memcpy(&word, at, 8);
      all |= word;
    }
    for (; left != 0; ++at, --left) all |= static_cast<std::uint8_t>(*at);
    return (all & 0x8080808080808080) == 0;
  }

  TRACTOR_API static bool valid_utf8(std::string_view text) noexcept;
  TRACTOR_API std::uint64_t peek_integer(bool& negative) const;
  TRACTOR_API std::string_view long_str(std::uint8_t found);
  TRACTOR_API std::size_t long_header(std::uint8_t found, std::uint8_t tag16, std::size_t least_bytes,
                                      const char* expected);
  byte_view blob(std::size_t header, std::size_t size);
  void pass_over();
  std::size_t sized(std::uint8_t found, std::uint8_t tag8, std::size_t& header) const;
  [[noreturn]] TRACTOR_API void fail_short(std::size_t size) const;
  [[noreturn]] TRACTOR_API void fail_count(std::size_t count) const;
  [[noreturn]] TRACTOR_API void fail_depth() const;
  [[noreturn]] TRACTOR_API void fail_utf8() const;
  [[noreturn]] TRACTOR_API void fail_range(std::int64_t lowest, std::uint64_t highest, std::uint64_t bits,
                                           bool negative) const;

  const std::byte* cursor_;
  const std::byte* end_;
  limits bounds_;
  std::uint32_t depth_ = 0;
  std::uint32_t failed_ = 0;
};

/// What a kind is called in an error: "an integer", "a list".
TRACTOR_API std::string_view kind_text(kind of) noexcept;

}  // namespace tractor::msg
