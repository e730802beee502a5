// What a test that hangs has running.
#pragma once

#include <cstddef>
#include <string>

namespace tractor::harness::detail {

/// What the title of each actor begins with.
inline constexpr const char* actor_title = "_subactor[";

/// Describes each process below this one, a line or two each: parent, state, where in the kernel it waits,
/// what it has open, its title.
std::string describe_processes();

/// Has each actor below this one print its tasks to its stderr. Returns how many were asked; they answer in
/// their own time.
std::size_t ask_for_tasks();

}  // namespace tractor::harness::detail
