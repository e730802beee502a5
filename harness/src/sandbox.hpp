// A world of its own for the process of one test.
#pragma once

#include <string>

namespace tractor::harness::detail {

/// Goes on in a new process in namespaces of its own: process ids, mounts, System V IPC, and a network that
/// is nothing but a loopback. Works for root, and for others where the kernel lets them.
///
/// The caller's process stays outside and ends as the new one does; whatever runs in the sandbox then is
/// ended by the kernel, and all of it when the caller dies, which SIGINT does not do: who is inside may end
/// by that as it likes. Call it before threads. Throws `std::system_error` that names the step, if the step
/// is one of the caller's.
///
/// Names of programs that still ran at the end are written to the file `rest_of_sandbox` in `folder`; empty:
/// nowhere.
void enter_sandbox(const std::string& folder);
inline constexpr const char* rest_of_sandbox = "/rest";

/// True in a process of a sandbox.
bool in_sandbox() noexcept;

/// Gives up every right that the sandbox of a user who is not root has brought with it: no program of that
/// user has them elsewhere. Call it there, when all is set up.
void give_up_rights() noexcept;

/// Tries it; returns why it cannot be had, or nothing.
std::string why_no_sandbox();

/// Ends this process with `runner`, at once if that is gone already.
void die_with(int runner) noexcept;

}  // namespace tractor::harness::detail
