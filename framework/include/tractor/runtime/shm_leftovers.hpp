// Shared memory whose owners are dead.
#pragma once

#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// Where the segments of this machine lie.
inline constexpr const char* shm_folder = "/dev/shm";

/// Finds segments of this user's actors whose owner is dead and that no process has mapped or open.
///
/// A segment's name says who made it. One from another pid namespace is never named: nothing is known of its
/// owner. Walks through /proc only if there is one to look for. No checkpoint.
TRACTOR_API leftovers find_dead_segments(const std::string& folder = shm_folder);

/// Finds every regular file of this user there that no process has mapped or open, whoever made it.
///
/// That may be what another program keeps on purpose, such as a named semaphore: ask before removing.
TRACTOR_API leftovers find_unused_segments(const std::string& folder = shm_folder);

/// Removes those that are still unused and whose owner is not known to live. No checkpoint.
TRACTOR_API reap_report remove_segments(const leftovers& found);

}  // namespace tractor
