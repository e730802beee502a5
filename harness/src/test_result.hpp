// How a test ended, as the runner knows it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tractor::harness::detail {

/// What a test came to. `flaky` is a test that failed and passed when it was repeated; a leak, alone or
/// beside another fault, or a crash is never repeated. `xfail` failed where that is known, `xpass` passed
/// there.
enum class verdict { pass, fail, leak, timeout, crash, skip, flaky, xfail, xpass };

/// All of them, in the order of reports.
inline constexpr verdict all_verdicts[] = {verdict::pass,    verdict::fail,  verdict::leak,
                                           verdict::timeout, verdict::crash, verdict::xpass,
                                           verdict::skip,    verdict::flaky, verdict::xfail};

/// Returns the word of reports: `PASS`, `LEAK`.
std::string_view word_of(verdict what) noexcept;
/// True for those that fail a run.
constexpr bool is_bad(verdict what) noexcept {
  return what == verdict::fail || what == verdict::leak || what == verdict::timeout ||
         what == verdict::crash || what == verdict::xpass;
}
/// True for those that count as skipped.
constexpr bool is_skip(verdict what) noexcept { return what == verdict::skip || what == verdict::xfail; }

/// One test of a run. A value.
class test_result {
 public:
  std::string name;     ///< `suite.name/backend+transport`, or without a cell for a plain test
  std::string program;  ///< that has it
  verdict what = verdict::crash;
  std::chrono::milliseconds took{};
  std::string reason;  ///< one line, without the verdict's word; empty for a pass
  std::string output;  ///< what the test wrote and was told
  std::string file;    ///< of the source where it went wrong, or else where it is declared
  int line = 0;        ///< there
  std::string left;    ///< what outlived a test with another fault, in one line; empty: nothing
  std::string kept;    ///< the folder with what it left; empty: none
  /// Each of them, if it was repeated; `output` is that of all, under headings.
  std::vector<test_result> attempts;

  /// Notes that `what` outlived the test: a leak, unless it has a worse fault, beside which that stands.
  void add_leak(const std::string& what);

  std::string suite() const { return name.substr(0, name.find('.')); }
  /// Without suite and cell.
  std::string test() const;
  /// `backend+transport`; empty for a plain test.
  std::string cell() const;
};

/// Returns the name of a test as one word for a file.
std::string file_name_of(std::string test);

using test_results = std::vector<test_result>;

/// What a test came to that was repeated: at least two attempts, the first of which is bad.
test_result summed_up(test_results attempts);

/// Returns `results` in the order of their names.
test_results sorted(test_results results);

}  // namespace tractor::harness::detail
