// The part of a test program that is a daemon beside another one's test.
#pragma once

#include <optional>

namespace tractor::harness::detail {

/// Runs the daemon that the command line names, if it names one; yields the exit code of the program.
std::optional<int> run_if_daemon(int argc, char** argv);

}  // namespace tractor::harness::detail
