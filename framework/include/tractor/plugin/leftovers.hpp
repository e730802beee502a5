// What a plugin's resources leave behind when their owner dies.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tractor/detail/export.hpp"

namespace tractor {

/// One thing that outlived its owner.
class TRACTOR_API leftover {
 public:
  leftover() = default;
  leftover(std::string kind, std::string name, int pid = 0, std::string detail = {})
      : kind(std::move(kind)), name(std::move(name)), detail(std::move(detail)), pid(pid) {}

  std::string kind;    ///< "process", "socket", "shm", "dump", "file"
  std::string name;    ///< a path, a segment's name, a process's title
  std::string detail;  ///< why it counts as left over
  int pid = 0;         ///< the process itself, or the dead owner; 0 if unknown
};

using leftovers = std::vector<leftover>;

/// How long a process that was left over has to end in order.
inline constexpr std::chrono::milliseconds default_reap_grace{3000};

/// What became of leftovers.
class TRACTOR_API reap_report {
 public:
  leftovers removed;
  leftovers killed;  ///< processes that are gone, too, but did not end when they were asked
  leftovers failed;  ///< those that could not be removed, with the reason in `detail`
};

}  // namespace tractor
