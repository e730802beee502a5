// System V IPC: what outlives its processes until somebody removes it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tractor::harness::detail {

/// A segment of shared memory, a set of semaphores or a queue of messages. A value.
class ipc_object {
 public:
  enum class kind { segment, semaphores, queue };

  kind what;
  int id;
  pid_t creator;  ///< 0 where the kernel does not tell, that is for all but segments

  /// As people call it: `System V shared memory 3`.
  std::string text() const;
  /// True if it can be that of a test: in a sandbox all are. Elsewhere only segments tell whose they are.
  bool is_of_this_tree() const;
  void remove() const noexcept;

  friend bool operator==(const ipc_object&, const ipc_object&) = default;
};

/// Returns those of this user that the machine, or the sandbox of this process, has now.
std::vector<ipc_object> ipc_objects();

}  // namespace tractor::harness::detail
