// Files that hold the dumps of actors.
#pragma once

#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// Where a process appends its dumps: `tractor-stackscope-<pid>.log` in `runtime_folder()`.
///
/// The file is there from the first dump to the orderly end of the actor; that of one that was killed stays
/// to be read. Each dump ends with an empty line. Does not touch the disk.
TRACTOR_API std::string dump_path(int pid);

/// Finds the dump files, in this user's runtime folder, of processes that are dead. No checkpoint.
TRACTOR_API leftovers find_dead_dumps();

/// Removes those whose process is still dead. No checkpoint.
TRACTOR_API reap_report remove_dumps(const leftovers& found);

}  // namespace tractor
