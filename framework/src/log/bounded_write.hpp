// Writing where perhaps nobody reads.
#pragma once

#include <string_view>

namespace tractor::log::detail {

/// Writes to a descriptor, in one write where that is possible; false when something of it is lost.
///
/// A full pipe or socket is waited for 200 ms since it took something last, whether it blocks or not. One
/// that was found so is not waited for again until it has room. Files and terminals take as long as they
/// take. Allocates nothing and locks nothing, so that a signal handler may ask.
bool write_bounded(int fd, std::string_view text) noexcept;

/// Forgets that nobody read: a child by fork may write elsewhere.
void forget_full_pipe() noexcept;

}  // namespace tractor::log::detail
