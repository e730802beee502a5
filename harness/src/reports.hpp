// What is left of a run for people and for other programs.
#pragma once

#include <chrono>
#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// A run as a report shows it. A value.
class run_summary {
 public:
  std::string title;  ///< of the program
  std::string line;   ///< what was run, in one line
  std::chrono::milliseconds took{};
  test_results results;

  std::size_t count(verdict of) const noexcept;
  std::size_t failed() const noexcept;
};

/// A row for each cell and a column for each verdict that occurs, for a terminal; then a line for each test
/// that did not pass.
std::string terminal_report(const run_summary& of);
/// The same for a page that shows markdown.
std::string markdown_report(const run_summary& of);
/// JUnit XML: a suite for each suite of tests, the cell as a property.
std::string junit_report(const run_summary& of);
/// One page that needs no other file: tests down, cells across, what each bad one wrote, and a filter. Links
/// to files are relative to `folder`, where the page will be.
std::string html_report(const run_summary& of, const std::string& folder = {});

/// Tries whether `write_report` will be able to write there, and changes nothing. Throws `std::system_error`
/// that names it.
void check_report(const std::string& path);
/// Writes a file. Throws `std::system_error` that names it.
void write_report(const std::string& path, const std::string& text);

}  // namespace tractor::harness::detail
