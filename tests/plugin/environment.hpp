// A variable that has its old value again after the test.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace tractor::plugin::test {

class environment {
 public:
  /// Sets the variable; null takes it away.
  environment(const char* name, const char* value) : name_(name) {
    if (const char* const now = std::getenv(name)) before_ = now;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* const name_;
  std::optional<std::string> before_;
};

}  // namespace tractor::plugin::test
