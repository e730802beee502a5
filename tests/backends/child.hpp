// The life of a child in these tests: what TRACTOR_TEST_DO says.
#pragma once

namespace backend_tests {

/// The number at which each child finds the pipe to its parent, if it was given one.
inline constexpr int report_fd = 200;

/// Runs one child. Never throws.
int child_main();

}  // namespace backend_tests
