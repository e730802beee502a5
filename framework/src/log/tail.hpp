// The end of what this process has logged.
#pragma once

#include <cstddef>
#include <string_view>

namespace tractor::log::detail {

/// Adds a line, which ends with a newline. One thread at a time.
void keep_in_tail(std::string_view line) noexcept;

/// Copies the last lines that fit into `room`, at most 4 KiB of them; yields their length.
///
/// Allocates nothing and locks nothing, so that a signal handler may ask; a line that is just being written
/// may come out torn.
std::size_t copy_tail(char* into, std::size_t room) noexcept;

/// Forgets them: a child by fork has logged nothing yet.
void forget_tail() noexcept;

}  // namespace tractor::log::detail
