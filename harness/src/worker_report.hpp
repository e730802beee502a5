// What a worker, the process of one test, tells the runner.
#pragma once

#include <optional>
#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// Writes the verdict of each test of this process to a file: a worker has one.
void report_to(const std::string& file);

/// Reads what a worker wrote: verdict and reason. Nothing if it came to no end.
std::optional<test_result> read_report(const std::string& file);

/// The part of a worker's stdout that belongs to its test, without gtest's frame.
std::string output_of_test(const std::string& all);

}  // namespace tractor::harness::detail
