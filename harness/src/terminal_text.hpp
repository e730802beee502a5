// What a terminal shows, as plain text.
#pragma once

#include <string>
#include <string_view>

namespace tractor::harness::detail {

/// Returns `shown` without the sequences that steer a terminal (colours, cursor, titles), lines ending in
/// `\n`. A sequence that is not complete at the end is left out, too.
std::string plain_text(std::string_view shown);

}  // namespace tractor::harness::detail
