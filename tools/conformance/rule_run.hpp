// The proof of one rule, in a process of its own.
#pragma once

#include <chrono>
#include <string>

#include "rule.hpp"

namespace tractor::conformance {

/// How a rule came out. A value.
class outcome {
 public:
  std::string verdict;  ///< PASS, FAIL, LEAK, TIMEOUT, CRASH or SKIP
  std::string detail;   ///< one line; empty for PASS
  std::chrono::milliseconds time{};
};

/// Proves a rule in a new process, looks for what it left behind, and ends all of it after `bound`.
///
/// Throws `std::system_error` if no process can be made. This process must have no threads and must have
/// called `adopt_orphans`.
outcome run_rule(const rule& it, const subject& of, std::chrono::milliseconds bound);
/// Does `work` in a new process that ends after `bound`; whatever it comes to.
///
/// What it says of errors and of processes is that of `run_rule`.
void run_once(void (*work)(const subject&), const subject& of, std::chrono::milliseconds bound);

}  // namespace tractor::conformance
