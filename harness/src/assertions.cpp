#include "tractor/harness/assertions.hpp"

namespace tractor::harness::detail {
namespace {

[[noreturn]] void report(testing::TestPartResult::Type type, const char* file, int line,
                         const std::string& message) {
  testing::internal::AssertHelper(type, file, line, message.c_str()) = testing::Message();
  throw testing::AssertionException(testing::TestPartResult(type, file, line, message.c_str()));
}

}  // namespace

void fail(const char* file, int line, const std::string& message) {
  report(testing::TestPartResult::kFatalFailure, file, line, message);
}

void skip(const char* file, int line, const std::string& reason) {
  report(testing::TestPartResult::kSkip, file, line, reason);
}

}  // namespace tractor::harness::detail
