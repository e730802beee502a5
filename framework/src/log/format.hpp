// The only door to the formatting library.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tractor/log/format.hpp"

namespace tractor::log::detail {

/// Returns the text with its places filled. A wrong format spec shows in the result; it is no error.
std::string formatted(std::string_view text, std::span<const argument> args);

}  // namespace tractor::log::detail
