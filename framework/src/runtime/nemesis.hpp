// The strikes that a test has planned against this process.
#pragma once

#include <string_view>

#include "tractor/runtime/failure_point.hpp"

namespace tractor::detail {

/// Whether there are any. Set by `await_nemesis`; else a failure point costs a look at this.
inline bool nemesis_waits = false;

/// What befalls the connection over which a message has come.
enum class connection_fault { none, cut, half_close };

/// Reads the plan for the actor `name`, if the environment has one, and passes `failure_point::boot`.
///
/// Throws `runtime_failure` for a plan that cannot be read. Once in a process.
void await_nemesis(std::string_view name);

/// Passes a point of an actor's life: may end or stop this process.
connection_fault pass_failure_point(failure_point at);

}  // namespace tractor::detail
