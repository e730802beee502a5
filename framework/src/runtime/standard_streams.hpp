// Descriptors 0 to 2 of a process that was started without them.
#pragma once

namespace tractor::detail {

/// Opens /dev/null at each of 0, 1 and 2 that is closed: else the runtime's own descriptors would come there,
/// and what the program prints would go into them.
void open_standard_streams() noexcept;

}  // namespace tractor::detail
