#include <string>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/writer.hpp>

namespace tractor::msg {

void writer::ext(std::int8_t type, byte_view bytes) {
  const std::size_t size = bytes.size();
  if (size != 0 && size <= 16 && std::has_single_bit(size))
    byte(static_cast<std::uint8_t>(0xd4 + std::countr_zero(size)));
  else
    sized_header(size, 0xc7);
  byte(static_cast<std::uint8_t>(type));
  out_.append(bytes);
}

void writer::refuse(std::size_t size) {
  throw codec_error("at most 4294967295 bytes or elements", std::to_string(size));
}

}  // namespace tractor::msg
