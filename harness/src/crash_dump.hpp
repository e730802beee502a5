// What a process shows of itself before a signal ends it.
#pragma once

namespace tractor::harness::detail {

/// Has this process show its stacks on stderr before SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT ends it: by
/// gdb where that is installed, else the addresses alone.
///
/// Copies of this process that a test forks end as they would without. With a sanitizer it does nothing: that
/// has its own report.
void install_crash_dump();

}  // namespace tractor::harness::detail
