// The life of a child that a rule starts.
#pragma once

namespace tractor::conformance {

/// The variable that says what the child does: `exit N`, `raise N`, `sleep` or `state`.
inline constexpr char life_variable[] = "TRACTOR_CONFORMANCE_DO";
/// The number at which a child that tells its state finds the pipe to its parent.
inline constexpr int report_fd = 200;

/// Runs one child. Never throws.
int child_main();

}  // namespace tractor::conformance
