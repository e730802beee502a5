// What is known of a cancel besides who asks for it.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "tractor/async/cancel_scope.hpp"
#include "tractor/plugin/actor_id.hpp"

namespace tractor::detail {

/// On whose behalf something is cancelled, why, and until when that is waited for. A value.
class cancel_cause {
 public:
  actor_id origin;                          ///< where the cancelling began; empty if that is unknown
  std::string reason;                       ///< may be empty
  std::optional<time_point> deadline = {};  ///< of whoever asked; nothing where nobody has said

  /// Is what a deadline that has passed, or is about to, leaves for each further step.
  ///
  /// An actor that has nothing to wait for acknowledges within a few milliseconds. This is so much more that
  /// one of a busy machine can, too, and is not ended by force for it; and so little that a chain of actors
  /// is not held up.
  static constexpr duration least = std::chrono::milliseconds(100);

  /// How long what this cancel brings about is waited for: `own`, or what is left of the deadline.
  duration bound(duration own) const noexcept {
    return deadline ? std::min(own, std::max(least, *deadline - current_time())) : own;
  }
  /// Somebody else waits for the same: the earlier of both deadlines holds.
  void join(const std::optional<time_point>& other) noexcept {
    if (other && (!deadline || *other < *deadline)) deadline = other;
  }
};

}  // namespace tractor::detail
