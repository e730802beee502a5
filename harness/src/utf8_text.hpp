// Bytes as text that other programs can read.
#pragma once

#include <string>
#include <string_view>

namespace tractor::harness::detail {

/// Returns the text with U+FFFD for each byte that belongs to no letter in UTF-8, and for U+FFFE and U+FFFF,
/// which are none either.
std::string as_utf8(std::string_view text);

}  // namespace tractor::harness::detail
