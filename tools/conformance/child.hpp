// The life of a child that a rule starts.
#pragma once

#include <sys/resource.h>

#include <string>

namespace tractor::conformance {

/// The variable that says what the child does: `exit N`, `raise N`, `state`, `sleep`, `ready` (which says
/// when it begins to sleep) or `stubborn` (which says so, too, and is not ended by SIGINT).
inline constexpr char life_variable[] = "TRACTOR_CONFORMANCE_DO";
/// The number at which a child that has something to say finds the pipe to its parent.
inline constexpr int report_fd = 200;

/// The limits that a child tells of beside that of open files.
inline constexpr int lowered_limits[] = {RLIMIT_CPU, RLIMIT_CORE, RLIMIT_MSGQUEUE};
/// Returns a set of signals of this thread as /proc shows it (`SigIgn`, `SigBlk`): hexadecimal.
std::string signal_set(const std::string& name);

/// Runs one child. Never throws.
int child_main();
/// Runs one that has run this program from its start. Never throws.
int fresh_child_main();

}  // namespace tractor::conformance
