// The run of all selected tests, each in a process of its own.
#pragma once

#include <string>
#include <vector>

#include "flags.hpp"

namespace tractor::harness::detail {

/// Runs `names` as the flags say, prints and writes the reports; yields the exit code of the program.
int run_in_workers(const flags& given, const std::vector<std::string>& names);

}  // namespace tractor::harness::detail
