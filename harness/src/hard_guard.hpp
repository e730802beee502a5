// The last bound on a test: for a body that blocks its thread.
#pragma once

#include <chrono>
#include <string>

namespace tractor::harness::detail {

/// While it lives, a timer of this process: when it fires, one line names the test, each descendant is listed
/// and killed, and the process exits with code 3. No thread, and nothing that a fork inherits. One at a time.
class hard_guard {
 public:
  hard_guard(const std::string& test, std::chrono::nanoseconds bound);
  hard_guard(const hard_guard&) = delete;
  hard_guard& operator=(const hard_guard&) = delete;
  ~hard_guard();
};

/// The signal of the timer.
int hard_guard_signal() noexcept;
/// Installs the signal's handler for the life of the process, so that it counts to every baseline.
void install_hard_guard();

inline constexpr int hard_guard_exit_code = 3;

}  // namespace tractor::harness::detail
