// The tests that failed when they were last run: what the flag --lf goes by.
#pragma once

#include <set>
#include <string>

namespace tractor::harness::detail {

/// Names of tests in a file beside the program, one a line; there is none while nothing has failed.
///
/// Several runs may use it at the same time.
class failed_tests {
 public:
  explicit failed_tests(std::string path) : path_(std::move(path)) {}
  /// That of this program: its own path with `.failed` behind it.
  static failed_tests of_this_program();

  const std::string& path() const noexcept { return path_; }
  /// Returns the names. Throws `std::system_error` when they cannot be read.
  std::set<std::string> names() const;
  /// Adds `failed` and takes `passed` out. Throws `std::system_error`.
  void update(const std::set<std::string>& passed, const std::set<std::string>& failed) const;

 private:
  std::string path_;
};

}  // namespace tractor::harness::detail
