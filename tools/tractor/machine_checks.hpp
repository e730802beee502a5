// What of this machine allows or limits trees of actors.
#pragma once

#include <string>
#include <vector>

namespace tractor::cli {

/// One thing that was tried or read. A value.
struct machine_check {
  enum class verdict { good, limited, missing };

  std::string name;
  std::string value;
  verdict is = verdict::good;
  std::string means;  ///< what it limits and what to do; empty when it is good
};

const char* to_string(machine_check::verdict is);

/// Tries what the runtime, its tests and its tools need; leaves nothing behind.
std::vector<machine_check> check_machine();

}  // namespace tractor::cli
