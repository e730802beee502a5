// What the runtime itself says on stderr, beside the log.
#pragma once

#include <string_view>

namespace tractor::detail {

/// Writes `tractor: `, the text and a newline to stderr. Bounded: where nobody reads it is lost.
void complain(std::string_view text);

}  // namespace tractor::detail
