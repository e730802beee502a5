// How a test is run again as it was run.
#pragma once

#include <string>
#include <vector>

#include "flags.hpp"

namespace tractor::harness::detail {

/// Returns each `TRACTOR_…=…` of the environment.
std::vector<std::string> runtime_variables();

/// Notes the flags that say how tests run, for the commands of this run.
void keep_for_replay(const flags& given);

/// Returns the command that runs one test of a program again: with the variables and those flags of this run,
/// its cell and its seed.
std::string replay_command(const std::string& program, const std::string& test);

}  // namespace tractor::harness::detail
