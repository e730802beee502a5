// Keeping a process and the children it makes on chosen processors.
#pragma once

#include <sched.h>

namespace bench {

/// Pins this process to the last of its processors while it lives; children inherit that.
///
/// For latency: a wake-up on the same processor costs an eighth of one on another, and unpinned runs are
/// bimodal. Neither copied nor moved.
class pin_to_one_cpu {
 public:
  pin_to_one_cpu();
  pin_to_one_cpu(const pin_to_one_cpu&) = delete;
  pin_to_one_cpu& operator=(const pin_to_one_cpu&) = delete;
  ~pin_to_one_cpu();

  /// Moves this process to the first of its processors; children made before stay where they are.
  ///
  /// For throughput: both ends then work at the same time, if there are two processors at all.
  void part_from_children();

 private:
  cpu_set_t before_;
};

}  // namespace bench
