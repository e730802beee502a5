// The run of all selected tests, each in a process of its own.
#pragma once

#include <vector>

#include "flags.hpp"
#include "isolated_run.hpp"

namespace tractor::harness::detail {

/// Runs `tests` as the flags say, prints and writes the reports; yields the exit code of the program.
int run_in_workers(const flags& given, std::vector<worker_task> tests);

}  // namespace tractor::harness::detail
