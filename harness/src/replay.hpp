// How a test is run again as it was run.
#pragma once

#include <string>
#include <vector>

namespace tractor::harness::detail {

/// Returns each `TRACTOR_…=…` of the environment.
std::vector<std::string> runtime_variables();

/// Returns the command that runs one test again: with the variables of this run, its cell and its seed.
std::string replay_command(const std::string& test);

}  // namespace tractor::harness::detail
