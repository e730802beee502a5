// What is known of a cancel besides who asks for it.
#pragma once

#include <string>

#include "tractor/plugin/actor_id.hpp"

namespace tractor::detail {

/// On whose behalf something is cancelled, and why. A value.
class cancel_cause {
 public:
  actor_id origin;     ///< where the cancelling began; empty if that is unknown
  std::string reason;  ///< may be empty
};

}  // namespace tractor::detail
