// A run of a test program, from its start to its end.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tractor/harness/process.hpp>

namespace tractor::harness::test {

/// Runs a program until it has ended; it must leave no process.
class finished_run {
 public:
  explicit finished_run(const command& what) {
    subprocess run(what);
    const auto status = run.wait(std::chrono::seconds(120));
    code = status ? status->code().value_or(-1) : -2;
    text = run.out() + run.err();
    EXPECT_TRUE(run.wait_for_descendants(std::chrono::seconds(2))) << "the runner left processes";
  }

  /// The word in the brackets of a test's last line, which is the runner's; empty if it has none. The name
  /// may be the beginning of one.
  std::string verdict_of(const std::string& test) const {
    const std::size_t name = text.rfind("] " + test);
    if (name == text.npos) return "";
    const std::size_t begin = text.rfind("[ ", name) + 2;
    return text.substr(begin, text.find(' ', begin) - begin);
  }

  int code = 0;
  std::string text;
};

}  // namespace tractor::harness::test
