// Runs one test in one cell. Knows nothing of how tests are registered, selected or counted.
#pragma once

#include <functional>
#include <string>

#include "tractor/harness/session.hpp"
#include "tractor/harness/test_case.hpp"

namespace tractor::harness::detail {

/// Where a failure goes: file, line, text.
using report_failure = std::function<void(const char* file, int line, const std::string& text)>;

/// Runs the body under its bounds, then looks for what it left behind; each failure is reported, none is
/// thrown.
void run_one(const test_case& test, const cell& where, const report_failure& report);

/// The signal that a root of a test was interrupted by, in a run in one process, which ends with that test; 0
/// if there was none.
int interrupted_by() noexcept;

}  // namespace tractor::harness::detail
