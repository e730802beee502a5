// Handles of processes.
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tractor::harness::detail {

// By number: glibc 2.36 declares its functions for these without C linkage.
inline int open_pidfd(pid_t pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
inline void signal_pidfd(int fd, int number) noexcept {
  ::syscall(SYS_pidfd_send_signal, fd, number, nullptr, 0);
}

}  // namespace tractor::harness::detail
