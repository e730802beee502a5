// What a test may leave behind, and how that is found.
#pragma once

#include <signal.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ipc_table.hpp"

namespace tractor::harness::detail {

/// The state of this process and of what it can leave behind, taken before a test.
class baseline {
 public:
  /// Takes the state now.
  baseline();

  /// Compares with the state now, after giving processes and threads `patience` to end by themselves; returns
  /// one line for each leak. Ends and removes what it finds, so that the next test starts clean.
  std::vector<std::string> leaks(std::chrono::nanoseconds patience = std::chrono::seconds(1)) const;

 private:
  void check_processes(std::vector<std::string>& out, std::chrono::steady_clock::time_point until) const;
  void check_threads(std::vector<std::string>& out, std::chrono::steady_clock::time_point until) const;
  void check_fds(std::vector<std::string>& out) const;
  void check_signals(std::vector<std::string>& out) const;
  void check_files(std::vector<std::string>& out) const;
  void check_segments(std::vector<std::string>& out, std::chrono::steady_clock::time_point until) const;
  void check_ipc(std::vector<std::string>& out) const;
  void check_leftovers(std::vector<std::string>& out) const;
  void check_surroundings(std::vector<std::string>& out) const;

  std::set<int> processes_;
  std::set<std::string> threads_;
  std::map<int, std::string> fds_;
  std::map<int, void*> handlers_;
  sigset_t mask_;
  std::set<std::string> shm_;
  std::vector<ipc_object> ipc_;
  std::set<std::string> runtime_files_, leftovers_;
  std::map<std::string, std::string> environment_;
  std::string folder_;
};

/// Makes this process the one that orphans of its tree come to, so that none escapes the look.
void adopt_orphans();

}  // namespace tractor::harness::detail
