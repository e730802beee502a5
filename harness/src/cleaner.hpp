// Who cleans up after a runner that is killed.
#pragma once

#include <sys/types.h>

#include <string>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::harness::detail {

/// A process beside the runner that outlives it if that is killed, and then ends what the run has left
/// running and removes its folder. Made before that folder and while the runner has one thread; ended with
/// this object. Neither copied nor moved.
class cleaner {
 public:
  cleaner();
  cleaner(const cleaner&) = delete;
  cleaner& operator=(const cleaner&) = delete;
  ~cleaner();

  /// Tells which folder is to be removed.
  void take_care_of(const std::string& folder) noexcept;

  /// That of this process, or 0: a child of the runner that is none of its tests'.
  static pid_t pid() noexcept;

 private:
  owned_fd to_cleaner_;
};

}  // namespace tractor::harness::detail
