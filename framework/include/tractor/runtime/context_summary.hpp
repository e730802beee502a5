// What has become of a context, for who asks after it was left.
#pragma once

#include <exception>
#include <string_view>

#include "tractor/plugin/actor_id.hpp"

namespace tractor {

/// What the caller's end of a context has to say when `open_context` is over, whether that yields or throws.
///
/// Made by the caller beforehand and given as the first argument: `portal.open_context<&fn>(summary, ...,
/// body)`. It holds what the queries of the same names in `context_base` would have told last. A value; loop
/// thread only while the context lives.
class context_summary {
 public:
  context_summary() = default;

  bool cancel_called() const noexcept { return cancel_called_; }
  bool cancel_acked() const noexcept { return cancel_acked_; }
  bool cancelled_caught() const noexcept { return cancelled_caught_; }
  bool has_outcome() const noexcept { return has_outcome_; }
  const actor_id& canceller() const noexcept { return canceller_; }
  /// The error that the context had, absorbed or thrown; null if it had none.
  std::exception_ptr maybe_error() const noexcept { return error_; }
  /// Empty unless the context was left.
  std::string_view state() const noexcept { return state_; }

 private:
  friend class context_base;
  actor_id canceller_;
  std::exception_ptr error_;
  std::string_view state_;  // a literal
  bool cancel_called_ = false, cancel_acked_ = false, cancelled_caught_ = false, has_outcome_ = false;
};

}  // namespace tractor
