// What went wrong, for GitHub: it shows these lines of a job's log beside the source.
#pragma once

#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// Returns a command `::error …` for each bad test. A file below `workspace` is named from there, as GitHub
/// wants it.
std::string github_annotations(const test_results& results, const std::string& workspace);

/// Names the place of each bad test in whole.
void complete_places(test_results& results);

}  // namespace tractor::harness::detail
