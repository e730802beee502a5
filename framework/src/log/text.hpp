// Small text helpers of the log area.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tractor::log::detail {

std::string in_capitals(std::string_view text);
std::string in_small(std::string_view text);
std::string_view trimmed(std::string_view text);

/// Returns 'text' in quotes, escaped, since it may come from anywhere.
std::string in_quotes(std::string_view text);

/// Returns `a, b, c`.
std::string joined(const std::vector<std::string>& parts);

/// Appends the text so that a terminal shows it and does not obey it.
///
/// Control characters (C1 ones too) and bytes that are no UTF-8 become `\x1b`; a newline becomes `new_line`.
void append_escaped(std::string& out, std::string_view text, std::string_view new_line);

}  // namespace tractor::log::detail
