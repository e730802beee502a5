// What a test that hangs has running.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace tractor::harness::detail {

/// What the title of each actor begins with.
inline constexpr const char* actor_title = "_subactor[";

/// Describes a process and each below it, a line or two each, nested: state, where in the kernel it waits,
/// its title, what it has open.
std::string describe_processes(pid_t root);

/// Has each actor below `root` print its tasks to its stderr. Returns how many were asked; they answer in
/// their own time.
std::size_t ask_for_tasks(pid_t root);

}  // namespace tractor::harness::detail
