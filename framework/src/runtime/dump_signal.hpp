// SIGUSR1 shows what an actor does, and ends none.
#pragma once

#include "tractor/async/task.hpp"

namespace tractor::detail {

/// Shows the task tree of this actor when SIGUSR1 comes, on stderr and in the file of this process, and
/// passes the signal on to its children. Runs as a task for the actor's life; the loop thread is to have
/// SIGUSR1 blocked before, and has so again after it.
///
/// A loop that is blocked in user code does not answer: then a handler does, in its thread. Signals within
/// half a second of a dump are for that one: whoever signals a whole tree is shown each actor once.
task<> watch_dump_signal();

/// Blocks SIGUSR1 while a child is made, so that it is born with it blocked; a signal waits until then.
/// Loop thread only; any number at once.
class dump_signal_blocked {
 public:
  dump_signal_blocked() noexcept;
  dump_signal_blocked(const dump_signal_blocked&) = delete;
  dump_signal_blocked& operator=(const dump_signal_blocked&) = delete;
  ~dump_signal_blocked();
};

}  // namespace tractor::detail
