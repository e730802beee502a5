// Processes of this user, told by what /proc says of them, and ended with proof.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "tractor/plugin/leftovers.hpp"

namespace tractor::detail {

/// Returns what /proc says of a process in the file of that name; empty if that cannot be read.
std::string read_proc(int pid, const char* name);

/// Returns the pid of the parent; 0 if that is unknown, or outside of our pid namespace.
int parent_of(int pid);

/// Calls `look` with the pid and the title of every process of this user that has one; zombies have none.
void for_each_process(const std::function<void(int pid, const std::string& title)>& look);

/// Ends what was found: SIGINT, `grace`, then SIGKILL. Blocks until all are gone, a second beyond `grace` at
/// most.
///
/// Each one is pinned by its pidfd and proven again first: it has the same title, and is still `ours`; else
/// it failed for the reason `refusal`. One that is gone already counts as removed.
reap_report end_processes(const leftovers& found, const std::function<bool(int pid)>& ours,
                          const char* refusal, std::chrono::milliseconds grace);

}  // namespace tractor::detail
