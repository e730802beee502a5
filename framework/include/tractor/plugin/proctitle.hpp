// The title of this process, as `ps` and `pgrep -f` see it.
#pragma once

#include <string>

#include "tractor/detail/export.hpp"

namespace tractor::detail {

/// Makes room for titles: moves the arguments and the environment off the area that the kernel shows.
///
/// Replaces the pointers of `argv` and `environ` by copies, which live as long as the process. Idempotent.
/// Call it while the process has one thread.
TRACTOR_API void capture_argv(int argc, char** argv);

/// Makes /proc/self/cmdline exactly `text` and comm its first 15 bytes. Returns false, and sets comm only,
/// when `capture_argv` was not called; a text longer than the room is cut.
TRACTOR_API bool set_process_title(const std::string& text);

/// The text last set, or else argv[0] as captured; empty before either.
TRACTOR_API const std::string& process_title();

}  // namespace tractor::detail
