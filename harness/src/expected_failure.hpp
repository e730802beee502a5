// A body that is known to fail.
#pragma once

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tractor::harness::detail {

/// Keeps the results of all assertions to itself, of all threads, until `settle`. Neither copied nor moved.
class expected_failure {
 public:
  explicit expected_failure(std::string why) : why_(std::move(why)) { taken_.emplace(how, &seen_); }

  /// Tells what came of it: a skip that begins with `XFAIL: `, or a failure that begins with `XPASS: `. A
  /// body that was skipped is skipped.
  void settle(const char* file, int line);

 private:
  static constexpr auto how = testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS;

  std::string why_;
  testing::TestPartResultArray seen_;
  std::optional<testing::ScopedFakeTestPartResultReporter> taken_;
};

/// Skips the test that runs; returns.
void report_skip(const char* file, int line, const std::string& reason);

}  // namespace tractor::harness::detail
