// A second process, for rules that need two.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "tractor/async/task.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::conformance {

/// A pipe whose writing end goes to another process. Neither copied nor moved.
class report_pipe {
 public:
  report_pipe();
  int child_end() const noexcept { return write_.get(); }
  /// Says a line, in the process that reports.
  void tell(const std::string& line);
  /// Reads until `last` or the end. Blocks.
  std::string read_to(char last);

 private:
  owned_fd read_, write_;
};

/// A copy of this process that runs `life` in a loop of its own; killed and reaped at the end. Neither copied
/// nor moved.
///
/// Made where no loop runs. Throws `broken` if the process cannot be made.
class other_process {
 public:
  explicit other_process(const std::function<task<>(report_pipe& told)>& life);
  other_process(const other_process&) = delete;
  other_process& operator=(const other_process&) = delete;
  ~other_process() { kill(); }

  pid_t pid() const noexcept { return pid_; }
  /// Reads the next line that it tells; throws `broken` if it has ended instead. Blocks.
  std::string next_line();
  /// Kills and reaps it. Idempotent.
  void kill() noexcept;

 private:
  report_pipe told_;
  pid_t pid_ = -1;
  bool running_ = false;
};

}  // namespace tractor::conformance
