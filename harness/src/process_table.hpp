// Who is whose child, from /proc.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace tractor::harness::detail {

/// One process. A value.
class process_info {
 public:
  pid_t pid = 0, parent = 0;
  char state = '?';
  std::string what;       ///< its command line, or its name in brackets
  std::size_t depth = 0;  ///< how far below the root of its listing

  bool zombie() const noexcept { return state == 'Z' || state == 'X'; }
};

/// Returns the descendants of `root`, zombies included, itself excepted: each right behind its parent and
/// what is below its elder brothers.
std::vector<process_info> descendants_of(pid_t root);
/// Returns the same behind `root` itself, if that is there.
std::vector<process_info> tree_of(pid_t root);

/// Returns how long a thread (`/proc/PID/task/TID`), or the threads of a process (`/proc/PID`) together, had
/// something to compute: the time on a processor and that in wait for one. 0 for what is gone.
std::chrono::nanoseconds busy_time_of(const std::string& folder);

/// Kills each process by a pidfd, if it still descends from this one, and its descendants; reaps what becomes
/// ours.
///
/// Goes on until nothing of them is left or `bound` has passed; `spared` and what descends from them are left
/// alone.
void kill_and_reap(const std::set<pid_t>& victims, std::chrono::nanoseconds bound,
                   const std::set<pid_t>& spared = {});

/// Sends a signal to a process that is a descendant of this one; does nothing if it is gone.
void signal_process(pid_t pid, int number) noexcept;

}  // namespace tractor::harness::detail
