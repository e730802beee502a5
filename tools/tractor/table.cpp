#include "table.hpp"

#include <algorithm>

namespace tractor::cli {

namespace {

// How many bytes the character there has; 0 if it is no character to show.
std::size_t length_of_shown(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(at);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t length = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  // U+0080 to U+009F are control characters, too.
  return first == 0xc2 && byte(at + 1) < 0xa0 ? 0 : length;
}

}  // namespace

std::string printable(const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_of_shown(text, at);
    if (length > 0) {
      out.append(text, at, length);
      at += length;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[at++]);
    out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return out;
}

std::string mebibytes(std::uint64_t kib) {
  const std::uint64_t tenths = (kib * 10 + 512) / 1024;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string joined_or_dash(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& it : parts) out.append(out.empty() ? "" : " ").append(it);
  return out.empty() ? "-" : out;
}

std::string table(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t at = 0; at < row.size(); ++at) {
      if (at == widths.size()) widths.push_back(0);
      widths[at] = std::max(widths[at], row[at].size());
    }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      out += row[at];
      if (at + 1 < row.size()) out.append(widths[at] - row[at].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace tractor::cli
