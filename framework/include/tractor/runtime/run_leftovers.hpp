// Folders of test runs.
#pragma once

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

/// Removes those that are still dead, with all that is in them. No checkpoint.
TRACTOR_API reap_report remove_runs(const leftovers& found);

}  // namespace tractor
