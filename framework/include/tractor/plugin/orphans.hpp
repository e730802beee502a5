// Actors and helpers whose parent is gone: found by title, ended with proof.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// Finds processes of this user whose title starts with one of `prefixes` and whose parent is gone.
///
/// An actor and its parent run the same executable; a process that was adopted by an init or a session
/// manager does not. So one whose parent actor lives is never named. Blocks for a walk through /proc.
TRACTOR_API leftovers find_orphans(const std::vector<std::string>& prefixes);

/// Ends what `find_orphans` found: SIGINT, `grace`, then SIGKILL. Blocks until all are gone, a second beyond
/// `grace` at most.
///
/// Each one is proven again through a pidfd first (same title, still an orphan), so that a recycled pid is
/// never hit; one that is gone already counts as removed.
TRACTOR_API reap_report end_orphans(const leftovers& found,
                                    std::chrono::milliseconds grace = default_reap_grace);

/// Finds processes of this user whose title starts with one of `prefixes` and whose parent is the process
/// `parent`, which may live. Blocks for a walk through /proc.
TRACTOR_API leftovers find_children(int parent, const std::vector<std::string>& prefixes);

/// Ends what `find_children` found for `parent`, as `end_orphans` does: each is proven again to be a child of
/// that.
TRACTOR_API reap_report end_children(int parent, const leftovers& found,
                                     std::chrono::milliseconds grace = default_reap_grace);

}  // namespace tractor
