// Text in columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tractor::cli {

/// Returns the text with what would steer a terminal, control characters and bytes that are no UTF-8, as
/// `\xNN`.
std::string printable(const std::string& text);

/// Returns a size with one decimal.
std::string mebibytes(std::uint64_t kib);

/// Returns the parts with spaces between them; a dash for none.
std::string joined_or_dash(const std::vector<std::string>& parts);

/// Returns the rows, their cells made printable, with their columns lined up, two spaces between them, a
/// newline after each row.
std::string table(std::vector<std::vector<std::string>> rows);

}  // namespace tractor::cli
