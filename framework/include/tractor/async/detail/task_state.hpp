// The engine's view of a task: what the promise types, the awaitables and the scheduler share.
//
// A *task* here is one logical thread of coroutines: the root coroutine that a nursery started and every
// coroutine it awaits. Nested calls run on a trampoline (`task_state::run`): an await stores the next handle
// and returns, so the machine stack never grows with the depth or the number of awaits. g++ 12 makes
// symmetric transfer a tail call only when it optimises, and never under sanitizers.
#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <source_location>
#include <string>

#include "tractor/async/detail/intrusive_list.hpp"
#include "tractor/detail/export.hpp"

namespace tractor {

class cancel_scope;
class task_nursery;

/// The time of the loop's clock: monotonic, and virtual under a test clock.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

namespace detail {

class task_state;
class event_loop;

/// One coroutine frame in the chain from a task's root to the place where it waits.
struct frame_record {
  frame_record* caller = nullptr;
  std::source_location made;
  std::source_location waiting;
};

struct in_scope;     // list of the tasks whose innermost scope it is
struct in_parent;    // list of a scope's child scopes, of a nursery's tasks, of a task's nurseries
struct in_delivery;  // list of the tasks that are about to hear of a cancel
struct in_waiters;   // list of those who wait for one thing

[[noreturn]] TRACTOR_API void raise_cancelled();

/// What a blocked task waits on: the one hook through which cancellation reaches it.
class TRACTOR_API suspension {
 public:
  suspension() = default;
  suspension(const suspension&) = delete;
  suspension& operator=(const suspension&) = delete;

  /// Withdraw the wait because its scope was cancelled; must end in `wake()`, now or later.
  virtual void abort() noexcept = 0;

 protected:
  virtual ~suspension() = default;
  /// Park the current task at `at`; a cancel from now on calls `abort()`.
  void block(std::coroutine_handle<> at) noexcept;
  /// Take back a `block`, for an operation that could not begin.
  void unblock() noexcept;
  /// Make the parked task ready to run; does nothing when it was woken already.
  void wake() noexcept;
  task_state* task_ = nullptr;
};

/// A place in a queue of tasks that wait for their turn; what a cancel does to it is the same everywhere.
class TRACTOR_API queued : public suspension, public list_hook<in_waiters> {
 public:
  void abort() noexcept override;
  /// Let the task go on, and out of the queue.
  void release() noexcept;

 protected:
  /// Raises `cancelled` if that is why the task goes on.
  void raise_if_aborted() const {
    if (aborted_) raise_cancelled();
  }

 private:
  bool aborted_ = false;
};

/// One logical task. Created by a nursery (or the loop, for the main task), freed by the scheduler.
class TRACTOR_API task_state : public list_hook<in_scope>,
                               public list_hook<in_parent>,
                               public list_hook<in_delivery> {
 public:
  task_state(event_loop& loop, std::string name) : loop(loop), name(std::move(name)) {}

  /// Resume from where it is parked and run until it blocks or ends.
  void run() noexcept;
  /// True when a checkpoint of this task must raise `cancelled` now.
  bool cancel_pending() const noexcept;
  /// Wake the task if it is blocked in a place that a cancel can reach.
  void deliver_cancel() noexcept;

  event_loop& loop;
  std::string name;
  cancel_scope* scope = nullptr;
  task_nursery* parent = nullptr;
  suspension* blocked = nullptr;
  std::coroutine_handle<> parked;  // where it goes on once it is scheduled
  std::coroutine_handle<> next;    // trampoline: what to resume next
  std::coroutine_handle<> root;    // owned
  frame_record* leaf = nullptr;
  task_state* ready_next = nullptr;
  std::exception_ptr error;
  bool done = false;
  bool in_ready_queue = false;
  intrusive_list<task_nursery, in_parent> nurseries;
};

TRACTOR_API task_state& current_task();
TRACTOR_API task_state* current_task_or_null() noexcept;
TRACTOR_API void schedule(task_state& task) noexcept;

/// Raises `cancelled` if the current task's scope is cancelled: the level trigger of every checkpoint.
TRACTOR_API void raise_if_cancelled();
TRACTOR_API bool is_cancelled(const std::exception_ptr& error) noexcept;

}  // namespace detail
}  // namespace tractor
