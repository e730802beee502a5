// A run in which each test has a process of its own.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// One test to run. A value.
class worker_task {
 public:
  std::string name;
  std::string program;             ///< that has it
  std::chrono::nanoseconds bound;  ///< after that it is ended by force
  std::string file;                ///< where it is declared
  int line = 0;                    ///< there
};

/// How workers are started and judged. A value.
class isolated_run {
 public:
  std::vector<std::string> words;  ///< their flags, but for the test's name
  std::string folder;              ///< for what they report
  std::string artifacts;           ///< for what bad tests wrote and left; empty: nowhere
  std::size_t jobs = 1;            ///< how many run side by side
  int retries = 0;                 ///< of a test that fails or comes too late
  bool stop_at_failure = false;
  bool foreground = false;    ///< a test has the terminal: what it writes is shown at once, and not kept
  bool keep_folders = false;  ///< of bad tests, as they are
  bool watch = false;         ///< show progress and process trees on stderr
  /// Called by one thread at a time, as each test ends.
  std::function<void(const test_result&)> on_result;

  /// Runs the tests; yields what they came to, in no order. Those that were not begun are missing: after a
  /// failure with `stop_at_failure`, or when SIGINT or SIGTERM has come (then the running ones are ended).
  test_results run(const std::vector<worker_task>& tests) const;
  /// The signal that ended the last run; 0 if none did.
  static int interrupted() noexcept;
};

}  // namespace tractor::harness::detail
