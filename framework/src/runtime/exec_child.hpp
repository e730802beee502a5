// Starts a foreign program as a child that dies with this process.
#pragma once

#include <string>
#include <vector>

namespace tractor::detail {

/// A program to exec, its words and environment, and its three descriptors. Refers to what it names.
class exec_plan {
 public:
  std::vector<char*> argv, env;  ///< Both end with a null.
  int directory = -1;            ///< O_PATH descriptor of its working directory.
  int stdio[3] = {-1, -1, -1};   ///< Descriptors above 2 that become 0, 1 and 2.
};

/// Starts it in a session (and process group) of its own; returns its pid once the exec has succeeded.
///
/// The child has no other descriptor, default signal dispositions and no signal blocked, and gets SIGKILL
/// when the calling thread ends. Throws `std::system_error` that names the program and the step; no child is
/// left then.
int exec_child(const exec_plan& plan);

}  // namespace tractor::detail
