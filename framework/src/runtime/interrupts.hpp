// What a root does when it is asked to end by a signal.
#pragma once

#include <exception>

#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/task.hpp"

namespace tractor::detail {

/// Cancels `what_runs` at the first SIGINT, SIGTERM or SIGHUP, and notes which; ends the process at the
/// second. Never returns.
task<> watch_interrupts(int& interrupted_by, cancel_scope*& what_runs);

/// Logs what else than the interrupt there is in the error of an interrupted tree.
void tell_besides(const std::exception_ptr& error, int interrupted_by);

}  // namespace tractor::detail
