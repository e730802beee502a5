// Whose a segment is: its name says so, since nothing else outlives a killed process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tractor/detail/export.hpp"

namespace tractor::detail {

/// The process that made a segment. A value.
///
/// A pid is used again, so the time of the start stands beside it; both mean something in one pid namespace
/// only.
class TRACTOR_API segment_owner {
 public:
  int pid = 0;
  std::uint64_t started = 0;    // in clock ticks since boot, as in /proc/PID/stat
  std::uint64_t pid_space = 0;  // the inode of the pid namespace

  /// What can be told from here. A process that is ending, its files closed, counts as dead.
  enum class state { lives, dead, unknown };
  state now() const;
};

/// The owner record of this process, and a random rest: never twice the same.
TRACTOR_API std::string new_segment_name();
/// Yields nothing for names that are not of this form.
TRACTOR_API std::optional<segment_owner> owner_in_name(std::string_view name);

/// Random digits that nobody guesses.
std::string random_hex(std::size_t bytes);

/// Puts a name under the care of the running actor, if there is one: it is removed when that ends.
void care_for(const std::string& name);
/// The name has been removed.
void forget_name(const std::string& name) noexcept;

/// Removes the segments of these processes, used or not, unless they live after all: what a killed process
/// leaves is for its nearest living relative.
TRACTOR_API void remove_segments_of(const std::vector<int>& pids);

}  // namespace tractor::detail
