// Work that is due once the tasks that are ready now have run.
#pragma once

#include "tractor/async/detail/intrusive_list.hpp"
#include "tractor/detail/export.hpp"

namespace tractor::detail {

struct in_turn_end;

/// Does something once, at the end of the current turn of the loop, for all that the turn's tasks asked for.
///
/// A queue that several tasks fill is emptied by it in one step, and without a task of its own to be woken
/// for that. Neither copied nor moved; forgotten when it is destroyed. Loop thread only.
class TRACTOR_API turn_end : public list_hook<in_turn_end> {
 public:
  turn_end() = default;
  turn_end(const turn_end&) = delete;
  turn_end& operator=(const turn_end&) = delete;

  /// Makes the running loop call `at_turn_end` when no task is ready any more; idempotent until then.
  ///
  /// Outside of a turn a turn is arranged for. Throws `std::logic_error` when no loop runs on this thread.
  void request();

 protected:
  ~turn_end() = default;

 private:
  friend class event_loop;
  /// Runs between tasks: it may make tasks ready, and must not wait.
  virtual void at_turn_end() noexcept = 0;
};

}  // namespace tractor::detail
