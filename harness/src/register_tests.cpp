#include "register_tests.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "declared.hpp"
#include "hard_guard.hpp"
#include "joined.hpp"
#include "leaks.hpp"
#include "run_one.hpp"
#include "session.hpp"

namespace tractor::harness::detail {
namespace {

using namespace std::chrono_literals;

void report(const char* file, int line, const std::string& text) { ADD_FAILURE_AT(file, line) << text; }

/// The fixture class of all tests of the matrix: GoogleTest wants one for each suite.
class cell_test : public testing::Test {
 public:
  cell_test(const test_case& test, cell where) : test_(test), where_(std::move(where)) {}

  void TestBody() override {
    RecordProperty("backend", where_.backend);
    RecordProperty("transport", where_.transport);
    if (!test_.labels.empty()) RecordProperty("labels", joined(test_.labels, ","));
    run_one(test_, where_, report);
  }

 private:
  const test_case& test_;
  cell where_;
};

bool is_of_matrix(const testing::TestInfo& info) {
  return find_declared(std::string(info.test_suite_name()) + "." + info.name()) != nullptr;
}

/// A plain TEST has the hard bound and the look for leaks as well.
class plain_test_checks final : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo& info) override {
    if (is_of_matrix(info)) return;
    before_.emplace();
    guard_.emplace(std::string(info.test_suite_name()) + "." + info.name(), scaled(60s));
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    if (!before_) return;
    guard_.reset();
    for (const std::string& leak : before_->leaks()) report(info.file(), info.line(), "LEAK: " + leak);
    before_.reset();
  }

 private:
  std::optional<baseline> before_;
  std::optional<hard_guard> guard_;
};

}  // namespace

void register_tests(const std::string& only) {
  for (const auto& source : declared_sources()) source();
  for (const test_case& test : declared_tests())
    for (const std::string& backend : current_session().backends)
      for (const std::string& transport : current_session().transports) {
        const cell where(backend, transport);
        const std::string name = test.name + "/" + where.id();
        if (!only.empty() && test.suite + "." + name != only) continue;
        testing::RegisterTest(test.suite.c_str(), name.c_str(), nullptr, nullptr, test.file, test.line,
                              [&test, where] { return new cell_test(test, where); });
      }
  testing::UnitTest::GetInstance()->listeners().Append(new plain_test_checks);
}

}  // namespace tractor::harness::detail
