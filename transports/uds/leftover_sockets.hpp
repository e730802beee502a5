// Socket files whose owners are dead.
#pragma once

#include "tractor/plugin/leftovers.hpp"

namespace tractor::uds {

/// Finds the sockets of actors and registrars in the runtime folder on which nobody listens. No checkpoint.
leftovers find_dead_sockets();
/// Removes those that are still dead, under the folder's lock. No checkpoint; waits at most a second each.
reap_report remove_dead_sockets(const leftovers& found);

}  // namespace tractor::uds
