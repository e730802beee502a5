// The zygote: the small process that children are copied from.
#pragma once

#include <string>

namespace tractor::fork_spawn_detail {

/// Copies this process as fork does, but runs none of libc's and the program's fork handlers; returns the
/// pid, 0 in the copy, or -1 with errno. `flags` are those of clone3; `pidfd` is set in this process.
///
/// Only where no other thread runs: a lock that one holds would stay locked in the copy.
int copy_process(unsigned long long flags, int& pidfd) noexcept;

/// Serves requests from `socket` until the actor closes it or dies. Runs in the zygote only.
///
/// The caller has blocked all signals; they stay blocked here, so that a Ctrl-C at the terminal does not end
/// the zygote before its actor has cleaned up.
[[noreturn]] void run_zygote(int socket, int actor_pid, const std::string& title,
                             int (*child_main)()) noexcept;

}  // namespace tractor::fork_spawn_detail
