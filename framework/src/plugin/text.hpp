// Text helpers of the plugin area.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tractor::plugin::detail {

/// Returns 'text' in quotes, with control characters escaped: it may come from a file or a command line.
std::string in_quotes(std::string_view text);

/// Returns `a, b, c`.
std::string joined(const std::vector<std::string>& parts);

/// Splits at any of the separators and drops empty parts.
std::vector<std::string> split(std::string_view text, std::string_view separators);

}  // namespace tractor::plugin::detail
