// The tree of tasks for those who must not allocate.
#pragma once

#include <cstddef>

namespace tractor::detail {

/// Writes what `dump_task_tree` returns into the room given; yields its length. Says so when it cuts it.
///
/// Allocates nothing and locks nothing. For the loop's own thread, also in a signal handler that interrupts a
/// task of it.
std::size_t write_task_tree(char* into, std::size_t room) noexcept;

}  // namespace tractor::detail
