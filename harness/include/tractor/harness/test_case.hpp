// A declared test, before it meets the cells.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/harness/test_context.hpp"
#include "tractor/runtime/run.hpp"

namespace tractor::harness {

/// Cells (`cell::is`) in which a test fails, and why. A value.
class known_failure {
 public:
  std::string where, reason;
};

/// One test of the matrix: what it is called, its bounds and its body. A value.
class test_case {
 public:
  test_case(std::string suite, std::string name, const char* file, int line)
      : suite(std::move(suite)), name(std::move(name)), file(file), line(line) {}

  std::string suite, name;
  const char* file;
  int line;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  std::vector<std::string> labels;
  int processors = 1;  ///< that it can keep busy
  /// Each tells why the test is not to run in a cell; nothing if it may.
  std::vector<std::function<std::string(const cell&)>> obstacles;
  /// Where the body is known to fail.
  std::vector<known_failure> known_failures;
  /// What its options name: places of the matrix, and capabilities of plugins. A word that means nothing is
  /// an error of the run.
  std::vector<std::string> named_places, named_capabilities;
  /// What the test adds to the options of its root actor; may be empty.
  std::function<void(run_options&, test_context&)> root;
  /// Makes those fixtures of the body that live as long as the session; may be empty.
  std::function<void()> session_fixtures;
  /// Makes the fixtures of the body, in the order of its parameters; may be empty.
  std::function<void(test_context&)> fixtures;
  /// The body inside of a root actor; empty for a test that boots what it needs itself.
  std::function<task<>(test_context&)> body;
  /// The body of a test without a root actor.
  std::function<void(test_context&)> plain_body;
};

/// Adds a test to the matrix. Before `main` registers them, that is in static initialisation or from a
/// source.
void declare(test_case test);

/// Adds a function that `main` calls for tests known only at run time, after the flags are parsed.
void add_source(std::function<void()> declares_tests);

/// How long the body may take; default 30 s. It is cancelled then, and the test fails with a dump of its
/// tasks.
class timeout {
 public:
  explicit timeout(std::chrono::nanoseconds bound) : bound_(bound) {}
  void apply(test_case& to) const { to.timeout = bound_; }

 private:
  std::chrono::nanoseconds bound_;
};

/// A word to select tests by.
class label {
 public:
  explicit label(std::string text) : text_(std::move(text)) {}
  void apply(test_case& to) const { to.labels.push_back(text_); }

 private:
  std::string text_;
};

/// How many processors the test can keep busy, for a CTest that runs several side by side; default 1.
class processors {
 public:
  explicit processors(int count) : count_(count) {}
  void apply(test_case& to) const { to.processors = count_; }

 private:
  int count_;
};

/// Changes the options of the test's root actor: `root([](run_options& o) { o.expose<&add>(); })`.
class root {
 public:
  explicit root(std::function<void(run_options&)> change)
      : change_([change = std::move(change)](run_options& options, test_context&) { change(options); }) {}
  explicit root(std::function<void(run_options&, test_context&)> change) : change_(std::move(change)) {}
  void apply(test_case& to) const { to.root = change_; }

 private:
  std::function<void(run_options&, test_context&)> change_;
};

}  // namespace tractor::harness
