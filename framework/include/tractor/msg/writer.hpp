// Writes MessagePack.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <tractor/msg/buffer.hpp>
#include <tractor/msg/byte_order.hpp>

namespace tractor::msg {

/// Appends MessagePack values to a buffer, each in its shortest form.
///
/// Holds a reference to the buffer, which must outlive it. It does not check that a header is followed by as
/// many values as it announces. Throws std::bad_alloc, and codec_error for a length above 2^32 - 1.
class writer {
 public:
  explicit writer(buffer& out) noexcept : out_(out) {}
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }

  void integer(std::int64_t value) {
    if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
    if (value >= -32) return byte(static_cast<std::uint8_t>(value));
    if (value >= std::numeric_limits<std::int8_t>::min())
      return tagged(0xd0, static_cast<std::uint8_t>(value));
    if (value >= std::numeric_limits<std::int16_t>::min())
      return tagged(0xd1, static_cast<std::uint16_t>(value));
    if (value >= std::numeric_limits<std::int32_t>::min())
      return tagged(0xd2, static_cast<std::uint32_t>(value));
    tagged(0xd3, static_cast<std::uint64_t>(value));
  }

  void unsigned_integer(std::uint64_t value) {
    if (value < 0x80) return byte(static_cast<std::uint8_t>(value));
    if (value <= 0xff) return tagged(0xcc, static_cast<std::uint8_t>(value));
    if (value <= 0xffff) return tagged(0xcd, static_cast<std::uint16_t>(value));
    if (value <= 0xffffffff) return tagged(0xce, static_cast<std::uint32_t>(value));
    tagged(0xcf, value);
  }

  void real(double value) { tagged(0xcb, std::bit_cast<std::uint64_t>(value)); }
  void real32(float value) { tagged(0xca, std::bit_cast<std::uint32_t>(value)); }

  /// Writes text, which must be UTF-8: the other side refuses anything else.
  void str(std::string_view text) {
    const std::size_t size = text.size();
    std::byte* to;
    if (size < 32) {
      to = out_.prepare(1 + size);
      *to++ = static_cast<std::byte>(0xa0 | size);
      out_.commit(1 + size);
    } else if (size < 256) {
      to = out_.prepare(2 + size);
      to[0] = std::byte{0xd9};
      to[1] = static_cast<std::byte>(size);
      to += 2;
      out_.commit(2 + size);
    } else {
      sized_header(size, 0xd9);
      to = out_.prepare(size);
      out_.commit(size);
    }
    if (size != 0) std::memcpy(to, text.data(), size);
  }

  void bin(byte_view bytes) {
    sized_header(bytes.size(), 0xc4);
    out_.append(bytes);
  }

  /// Announces a list of `count` values.
  void array_header(std::size_t count) { count_header(count, 0x90, 0xdc); }
  /// Announces a map of `count` pairs of values.
  void map_header(std::size_t count) { count_header(count, 0x80, 0xde); }

  TRACTOR_API void ext(std::int8_t type, byte_view bytes);

  /// Appends one value that is MessagePack already.
  void raw(byte_view encoded) { out_.append(encoded); }

  buffer& out() noexcept { return out_; }

 private:
  void byte(std::uint8_t value) {
    *out_.prepare(1) = static_cast<std::byte>(value);
    out_.commit(1);
  }

  template <std::unsigned_integral Number> void tagged(std::uint8_t tag, Number value) {
    std::byte* to = out_.prepare(1 + sizeof value);
    to[0] = static_cast<std::byte>(tag);
    value = detail::big_endian(value);
    std::memcpy(to + 1, &value, sizeof value);
    out_.commit(1 + sizeof value);
  }

  void count_header(std::size_t count, std::uint8_t small, std::uint8_t large) {
    if (count < 16) return byte(static_cast<std::uint8_t>(small | count));
    if (count <= 0xffff) return tagged(large, static_cast<std::uint16_t>(count));
    tagged(large + 1, checked(count));
  }

  void sized_header(std::size_t size, std::uint8_t tag) {
    if (size <= 0xff) return tagged(tag, static_cast<std::uint8_t>(size));
    if (size <= 0xffff) return tagged(tag + 1, static_cast<std::uint16_t>(size));
    tagged(tag + 2, checked(size));
  }

  static std::uint32_t checked(std::size_t size) {
    if (size > 0xffffffff) [[unlikely]]
      refuse(size);
    return static_cast<std::uint32_t>(size);
  }
  [[noreturn]] TRACTOR_API static void refuse(std::size_t size);

  buffer& out_;
};

}  // namespace tractor::msg
