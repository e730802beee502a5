// Looking at the tasks of a loop.
#pragma once

#include <string>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Renders every task of this thread's loop as a tree: name, state, scopes with deadlines and shields, the
/// source line where each frame waits, and its nurseries with their tasks. Empty outside of a loop. Not
/// async-signal-safe.
TRACTOR_API std::string dump_task_tree();

/// The current task's name; empty outside of a task.
TRACTOR_API std::string current_task_name();

}  // namespace tractor
