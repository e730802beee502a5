// Cuts a stream of bytes into frames: four bytes of little-endian length, then the body.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <tractor/msg/buffer.hpp>

namespace tractor::msg {

/// The largest bodies that are read and written.
struct frame_limits {
  std::size_t max_frame = 64U << 20;            ///< From a peer that has proven who it is.
  std::size_t max_unauthenticated = 64U << 10;  ///< From anybody else.
};

inline constexpr std::size_t frame_header_size = 4;

/// Gathers received bytes and hands out one frame after the other.
///
/// Memory grows with the bytes that came, never with a length that was only announced, and large room is
/// given back once it is empty. Not a checkpoint; belongs to the one task that reads the connection.
///
///     while (auto body = parser.next()) handle(*body);
///     const auto room = parser.prepare();
///     parser.commit(co_await stream.read_some(room));
class TRACTOR_API frame_parser {
 public:
  explicit frame_parser(std::size_t max_frame = frame_limits{}.max_frame) noexcept : max_frame_(max_frame) {}
  frame_parser(const frame_parser&) = delete;
  frame_parser& operator=(const frame_parser&) = delete;

  /// Sets the largest body taken from now on, as when the peer has proven who it is.
  void set_max_frame(std::size_t bytes) noexcept { max_frame_ = bytes; }
  std::size_t max_frame() const noexcept { return max_frame_; }

  /// Returns room of at least `least` bytes to read into; ends the life of bodies handed out before.
  std::span<std::byte> prepare(std::size_t least = 4096);
  /// Adds the first `count` bytes of that room to what was received.
  void commit(std::size_t count) noexcept { bytes_.commit(count); }
  /// Copies bytes in: `prepare` and `commit` in one.
  void feed(byte_view bytes);

  /// Returns the body of the next whole frame, or nothing until more bytes come.
  ///
  /// The body lives until the next `prepare` or `feed`. Throws codec_error when the header announces more
  /// than the limit, at that call and each later one: the stream cannot be read any further.
  std::optional<byte_view> next();

  /// How many bytes wait that no `next` has returned; not zero at the end of a stream means it was cut short.
  std::size_t pending() const noexcept { return bytes_.size() - taken_; }
  std::size_t capacity() const noexcept { return bytes_.capacity(); }

 private:
  buffer bytes_;
  std::size_t taken_ = 0;
  std::size_t max_frame_;
};

/// Throws the codec_error for a body of `size` bytes if that exceeds `limit`.
TRACTOR_API void check_frame_size(std::size_t size, std::size_t limit);

}  // namespace tractor::msg
