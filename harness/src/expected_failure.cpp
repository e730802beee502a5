#include "expected_failure.hpp"

#include <cstdio>

namespace tractor::harness::detail {

void expected_failure::settle(const char* file, int line) {
  taken_.reset();
  const testing::TestPartResult* failed = nullptr;
  const testing::TestPartResult* skipped = nullptr;
  for (int i = 0; i < seen_.size(); ++i) {
    const testing::TestPartResult& each = seen_.GetTestPartResult(i);
    if (each.failed() && !failed) failed = &each;
    if (each.skipped()) skipped = &each;
  }
  if (failed) {
    std::printf("as expected: %s\n", failed->message());
    report_skip(file, line, "XFAIL: " + why_);
  } else if (skipped) {
    report_skip(file, line, skipped->message());
  } else {
    ADD_FAILURE_AT(file, line) << "XPASS: it passes, and was to fail: " << why_;
  }
}

void report_skip(const char* file, int line, const std::string& reason) {
  testing::internal::AssertHelper(testing::TestPartResult::kSkip, file, line, reason.c_str()) =
      testing::Message();
}

}  // namespace tractor::harness::detail
