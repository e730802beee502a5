// The life of a process that a spawn backend made.
#pragma once

#include "tractor/plugin/spawn_backend.hpp"

namespace tractor::detail {

/// Runs the actor that the boot socket describes; yields the process's exit code; never throws.
int child_main();
/// Keeps the command line for backends, which may show a title there.
void remember_argv(int argc, char** argv);
/// What a backend prepares itself with in this process.
boot_info process_boot_info();

}  // namespace tractor::detail
