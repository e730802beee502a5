#include "log/text.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace tractor::log::detail {
namespace {

std::size_t tail_length(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

// Returns the length of the printable UTF-8 sequence at the front, 0 if it is none.
std::size_t printable(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const std::size_t tail = tail_length(byte(0));
  if (tail == 0 || text.size() <= tail) return 0;
  for (std::size_t at = 1; at <= tail; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  const bool control = byte(0) == 0xc2 && byte(1) < 0xa0;
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xed && byte(1) >= 0xa0;
  const bool beyond = byte(0) == 0xf4 && byte(1) >= 0x90;
  // U+2028 to U+202E and U+2066 to U+2069: line breaks and direction marks, which show a line in another
  // order.
  const bool reordering = byte(0) == 0xe2 && ((byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) ||
                                              (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9));
  return control || overlong || surrogate || beyond || reordering ? 0 : tail + 1;
}

}  // namespace

std::string in_capitals(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return char(std::toupper(c)); });
  return out;
}

std::string in_small(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  append_escaped(out, text, "\\n");
  return out += '\'';
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out.append(out.empty() ? "" : ", ").append(part);
  return out;
}

void append_escaped(std::string& out, std::string_view text, std::string_view new_line) {
  static constexpr char digits[] = "0123456789abcdef";
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    std::size_t taken = printable(text);
    if (first == '\n') {
      out += new_line;
      taken = 1;
    } else if (first == '\t') {
      out += '\t';
      taken = 1;
    } else if (taken == 0) {
      out.append("\\x").append(1, digits[first >> 4]).append(1, digits[first & 15]);
      taken = 1;
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
}

}  // namespace tractor::log::detail
