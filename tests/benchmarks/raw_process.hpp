// Bare processes: what the operating system can do, without any runtime.
#pragma once

#include <string>
#include <vector>

#include "tractor/plugin/owned_fd.hpp"

namespace bench {

/// A pipe, closed on exec. Neither copied nor moved.
class pipe_pair {
 public:
  pipe_pair();

  tractor::owned_fd read;
  tractor::owned_fd write;
};

/// The descriptor that children of benchmarks write their first byte to.
inline constexpr int report_number = 10;
/// The descriptor whose end tells a raw child to end.
inline constexpr int life_number = 11;

/// Starts this program again in one of its hidden modes; gives it `fds` (ours, its number). Yields the pid.
///
/// Throws `std::system_error`.
int start_again(const std::vector<std::string>& arguments, const std::vector<std::pair<int, int>>& fds);

/// Makes a copy of this process that runs `main` and exits. Yields the pid. Throws `std::system_error`.
int start_copy(void (*main)(int report, int life), int report, int life);

/// Starts a raw child, a copy of this process or a fresh exec, that writes one byte to `report` first; then
/// it ends, or waits for the end of `life` if that is not -1.
int start_raw(bool fork, int report, int life = -1);

/// Reads until `count` bytes have come; throws `std::runtime_error` when the pipe ends before.
void read_bytes(int fd, std::size_t count);
/// Reads until the pipe ends.
void read_to_end(int fd);
/// Writes one byte; without a word if nobody listens any more.
void write_byte(int fd);
/// Waits for a child; throws `std::runtime_error` unless it exited with 0.
void reap(int pid);

/// The hidden modes of the program; to be called first in main. Does not return in a child.
void run_if_raw(int argc, char** argv);

/// A process that starts `depth` levels of three children each, and ends them level by level when `life`
/// ends.
void raw_tree_node(int depth, int report, int life);
/// Starts one node of a raw tree, by exec.
int start_raw_tree(int depth, int report, int life);

}  // namespace bench
