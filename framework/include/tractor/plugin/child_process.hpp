// One child, as its parent holds it.
#pragma once

#include <string>

#include "tractor/async/task.hpp"

namespace tractor {

/// How a process ended. A value.
class TRACTOR_API exit_status {
 public:
  exit_status() = default;
  static exit_status exited(int code) { return exit_status(code, 0); }
  static exit_status signalled(int signo) { return exit_status(0, signo); }

  bool success() const noexcept { return code_ == 0 && signo_ == 0; }
  int code() const noexcept { return code_; }
  /// The signal that ended it; 0 if it ended by itself.
  int signo() const noexcept { return signo_; }
  /// `exited with code 3`, `was killed by signal 9 (SIGKILL)`.
  std::string text() const;

 private:
  exit_status(int code, int signo) : code_(code), signo_(signo) {}
  int code_ = 0;
  int signo_ = 0;
};

/// A child of this very process. Owned by the actor nursery; neither copied nor moved. Loop thread only.
///
/// Destroying one whose process was not waited for is a programming error of the owner: the zombie stays.
class TRACTOR_API child_process {
 public:
  child_process() = default;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  virtual ~child_process() = default;

  virtual int pid() const noexcept = 0;
  /// Waits for the end and reaps; may be called again after that and yields the same. A checkpoint.
  virtual task<exit_status> wait() = 0;
  /// Sends a signal through the pidfd: never to a recycled pid; nothing after the end.
  virtual void signal(int signo) noexcept = 0;
};

}  // namespace tractor
