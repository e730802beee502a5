// The children of this process.
#pragma once

#include <string>
#include <vector>

namespace tractor::detail {

/// Returns the pids of all children of this process, zombies included, whichever of its threads they belong
/// to: an orphan comes to another one than the thread that runs the loop.
std::vector<int> children_of_self();

/// The same in two ways: by the kernel's lists in the folder of this process's threads; by the parent of each
/// process, where the kernel keeps no such lists. The first is false without a list of the calling thread.
bool read_child_lists(const std::string& threads_folder, std::vector<int>& into);
std::vector<int> children_by_parent();

}  // namespace tractor::detail
