// Words in the options of tests that mean nothing.
#pragma once

#include <string>
#include <vector>

namespace tractor::harness::detail {

/// Looks at the options of tests, by their names.
///
/// Throws `settings_error` for a capability that no plugin can have, and for an alias, which no cell is
/// called by; prints a line for a place that no plugin of this run has, since one may be missing on this
/// machine.
void check_marker_words(const std::vector<std::string>& tests);

}  // namespace tractor::harness::detail
