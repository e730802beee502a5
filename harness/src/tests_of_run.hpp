// Which tests a run with a process for each test has: those of this program, and of others (`--with`).
#pragma once

#include <string>
#include <vector>

#include "flags.hpp"
#include "isolated_run.hpp"

namespace tractor::harness::detail {

/// Returns the selected tests of this program, then those of the programs of `--with`, which `filter` (that
/// of GoogleTest, as it was given), `-k` and `--lf` select there as they do here.
///
/// Each program is asked by running it. Throws `settings_error`, one line that names the program, if it
/// cannot be asked or has a test whose name another has.
std::vector<worker_task> tests_of_run(const flags& given, const std::string& filter);

/// Writes what the runner of another program asks for: the selected tests of this one. Throws
/// `std::system_error`.
void write_test_list(const std::string& file);

}  // namespace tractor::harness::detail
