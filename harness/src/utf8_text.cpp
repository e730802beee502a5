#include "utf8_text.hpp"

#include <cstddef>

namespace tractor::harness::detail {

namespace {

constexpr std::string_view in_its_place = "\xef\xbf\xbd";

// The bytes of the letter at the front; 0 if there is none.
std::size_t size_of_letter(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  // The second byte is narrowed so that overlong forms, surrogates and numbers above U+10FFFF are refused.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t at = 2; at < size; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  return size;
}

}  // namespace

std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = size_of_letter(text);
    const std::string_view letter = text.substr(0, size);
    out += size == 0 || letter == "\xef\xbf\xbe" || letter == "\xef\xbf\xbf" ? in_its_place : letter;
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace tractor::harness::detail
