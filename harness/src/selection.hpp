// What a run leaves of the tests that GoogleTest's filter selects, and what is kept of how they went.
#pragma once

#include <string>
#include <vector>

#include "flags.hpp"

namespace tractor::harness::detail {

/// Narrows the filter to what `-k` and `--lf` leave; says so when nothing has failed before. Call it when all
/// tests are registered. Throws `std::system_error`.
void narrow_selection(const flags& given);

/// Returns the names of all tests that the filter selects now, but for those that are disabled.
std::vector<std::string> selected_tests();

/// Notes how each test goes: for `--lf` of a later run, and for `--durations`.
void watch_results(const flags& given);

}  // namespace tractor::harness::detail
