#include "selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <utility>

#include "declared.hpp"
#include "failed_tests.hpp"
#include "joined.hpp"
#include "replay.hpp"
#include "run_one.hpp"

namespace tractor::harness::detail {

namespace {

std::string full_name(const testing::TestInfo& of) {
  return std::string(of.test_suite_name()) + "." + of.name();
}

std::vector<std::string> all_names() {
  std::vector<std::string> out;
  const testing::UnitTest& unit = *testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *unit.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) out.push_back(full_name(*suite.GetTestInfo(k)));
  }
  return out;
}

// A name is never a pattern: that this matches nothing is for the caller to say.
const char no_test[] = "-*";

void keep(const std::function<bool(const std::string&)>& wanted) {
  const std::string before = GTEST_FLAG_GET(filter);
  std::string filter;
  for (const std::string& name : all_names())
    if (filter_selects(before, name) && wanted(name)) filter += (filter.empty() ? "" : ":") + name;
  GTEST_FLAG_SET(filter, filter.empty() ? no_test : filter);
}

// Of a test in a cell that this run does not have the others are still known.
void forget_those_that_are_gone() {
  const std::vector<std::string> names = all_names();
  const std::set<std::string> known(names.begin(), names.end());
  std::set<std::string> gone = failed_tests::of_this_program().names();
  std::erase_if(gone, [&](const std::string& name) { return known.contains(name) || find_declared(name); });
  if (gone.empty()) return;
  std::printf("--lf: no longer a test of this program: %s%s\n", gone.begin()->c_str(),
              gone.size() == 1 ? "" : (" and " + std::to_string(gone.size() - 1) + " more").c_str());
  remember_results(gone, {});
}

std::string with_labels(const std::string& name) {
  const test_case* const test = find_declared(name);
  return test ? name + " " + joined(test->labels, " ") : name;
}

/// Follows a run.
class result_watch final : public testing::EmptyTestEventListener {
 public:
  explicit result_watch(int durations) : durations_(durations) {}

  void OnTestEnd(const testing::TestInfo& info) override {
    const testing::TestResult& result = *info.result();
    if (result.Passed()) passed_.insert(full_name(info));
    took_.emplace_back(result.elapsed_time(), full_name(info));
    if (result.Skipped()) passed_.insert(full_name(info));
    // What was interrupted says nothing of the test.
    if (!result.Failed() || interrupted_by() != 0) return;
    failed_.insert(full_name(info));
    // At once: what comes next may end this process.
    remember_results(passed_, failed_);
    std::printf("replay: %s\n",
                replay_command(std::filesystem::read_symlink("/proc/self/exe"), full_name(info)).c_str());
  }

  void OnTestProgramEnd(const testing::UnitTest&) override {
    remember_results(passed_, failed_);
    print_slowest(took_, durations_);
  }

 private:
  int durations_;
  std::set<std::string> passed_, failed_;
  timed_tests took_;
};

}  // namespace

void narrow_selection(const flags& given) {
  if (given.expression)
    keep([&](const std::string& name) { return given.expression->matches(with_labels(name)); });
  if (!given.last_failed) return;
  if (given.with.empty()) forget_those_that_are_gone();
  const std::set<std::string> failed = failed_tests::of_this_program().names();
  if (failed.empty())
    std::printf("--lf: no test failed when it was last run, so all are run\n");
  else
    keep([&](const std::string& name) { return failed.contains(name); });
}

std::vector<std::string> selected_tests() {
  const std::string filter = GTEST_FLAG_GET(filter);
  const bool all = GTEST_FLAG_GET(also_run_disabled_tests);
  std::vector<std::string> out = all_names();
  std::erase_if(out, [&](const std::string& name) {
    const bool disabled = name.starts_with("DISABLED_") || name.find(".DISABLED_") != name.npos ||
                          name.find("/DISABLED_") != name.npos;
    return !filter_selects(filter, name) || (disabled && !all);
  });
  return out;
}

void print_slowest(timed_tests tests, int count) {
  if (count == 0) return;
  std::ranges::sort(tests, std::greater<>());
  tests.resize(std::min(tests.size(), static_cast<std::size_t>(count)));
  std::printf("slowest tests:\n");
  for (const auto& [took, name] : tests)
    std::printf("%8.3f s  %s\n", static_cast<double>(took.count()) / 1000, name.c_str());
}

void remember_results(const std::set<std::string>& passed, const std::set<std::string>& failed) {
  static bool told = false;
  try {
    failed_tests::of_this_program().update(passed, failed);
  } catch (const std::exception& error) {
    // A program in a folder of others' is no fault of the tests'.
    if (!std::exchange(told, true)) std::printf("--lf will not know of this run: %s\n", error.what());
  }
}

void watch_results(const flags& given) {
  testing::UnitTest::GetInstance()->listeners().Append(new result_watch(given.durations));
}

}  // namespace tractor::harness::detail
