// A child process held by its pidfd: what every backend of local processes hands out.
#pragma once

#include <memory>

#include "tractor/plugin/child_process.hpp"

namespace tractor {

/// Makes the handle of `pid`, an unreaped child of this process. Takes `pidfd` over; -1 opens one.
///
/// Its `wait()` may be cancelled (the process lives on), repeated, and called by several tasks at once; it
/// reaps this child exactly once and never looks at another. When no pidfd can be opened the child is killed
/// and reaped, and `std::system_error` is thrown: no half-made child stays behind. Not a checkpoint.
///
/// `wait()` throws `std::system_error` (ECHILD) when other code of the program has reaped the child.
TRACTOR_API std::unique_ptr<child_process> adopt_child(int pid, int pidfd = -1);

}  // namespace tractor
