// What a worker, the process of one test, tells the runner.
#pragma once

#include <optional>
#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// Writes the verdict of each test of this process to a file in `folder`: a worker has one test.
void report_to(const std::string& folder);

/// Reads what a worker wrote: verdict, reason, place, and what was left besides. Nothing if it came to no
/// end.
std::optional<test_result> read_report(const std::string& folder);

/// Returns what was printed for `test` to the stdout of its worker: by itself, and by its suite and the
/// program around it, without gtest's frame.
std::string output_of_test(const std::string& all, const std::string& test);

}  // namespace tractor::harness::detail
