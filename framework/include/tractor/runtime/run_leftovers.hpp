// Folders of test runs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// How the name of a test run's folder in /tmp begins: `tractor-<state>-<uid>-`.
///
/// `run` is one that its owner has locked as long as it lives, `new` one that is not locked yet.
TRACTOR_API std::string run_folder_prefix(std::string_view state);

/// Finds the folders of this user's test runs that were killed: nobody holds their lock. No checkpoint.
TRACTOR_API leftovers find_dead_runs();

/// Finds the processes that such runs have left: those of this user whose environment names the folder of a
/// dead run as theirs, whoever started them. Blocks for a walk through /proc.
TRACTOR_API leftovers find_processes_of_dead_runs();

/// Ends them: SIGINT, `grace`, then SIGKILL. Blocks until all are gone, a second beyond `grace` at most. Each
/// is proven again first, as `end_orphans` does.
TRACTOR_API reap_report end_processes_of_dead_runs(const leftovers& found,
                                                   std::chrono::milliseconds grace = default_reap_grace);

/// Removes the folders of those that are still dead, with all that is in them; one that a process of its run
/// still uses stays, and is told as failed. Blocks for a walk through /proc.
TRACTOR_API reap_report remove_runs(const leftovers& found);

}  // namespace tractor
