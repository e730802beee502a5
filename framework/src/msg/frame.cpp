#include <algorithm>
#include <string>
#include <tractor/msg/byte_order.hpp>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/frame.hpp>

namespace tractor::msg {

namespace {

// A connection that once carried a large frame must not hold on to its size for ever.
constexpr std::size_t kept_capacity = 1U << 20;

}  // namespace

void check_frame_size(std::size_t size, std::size_t limit) {
  if (size <= limit) return;
  const std::string found = std::to_string(size);
  const std::string most = std::to_string(limit);
  throw codec_error("a frame of at most " + most + " bytes", found + " bytes",
                    "frame of " + found + " bytes exceeds the limit of " + most);
}

std::span<std::byte> frame_parser::prepare(std::size_t least) {
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
    if (bytes_.capacity() > kept_capacity) bytes_ = buffer();
  } else if (taken_ != 0 && bytes_.capacity() - bytes_.size() < least) {
    const std::size_t left = pending();
    std::memmove(bytes_.data(), bytes_.data() + taken_, left);
    bytes_.truncate(left);
    taken_ = 0;
  }
  std::byte* room = bytes_.prepare(least);
  return {room, bytes_.capacity() - bytes_.size()};
}

void frame_parser::feed(byte_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

std::optional<byte_view> frame_parser::next() {
  if (pending() < frame_header_size) return std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, bytes_.data() + taken_, sizeof size);
  size = detail::little_endian(size);
  check_frame_size(size, max_frame_);
  if (pending() - frame_header_size < size) return std::nullopt;
  const byte_view body{bytes_.data() + taken_ + frame_header_size, size};
  taken_ += frame_header_size + size;
  return body;
}

}  // namespace tractor::msg
