// The last step of a tool: what it has printed must have come where it was to go.
#pragma once

namespace tractor::tools {

/// Makes sure that what is printed where stdout is closed is an error, and not lost. Call it first in `main`.
void open_missing_stdout() noexcept;

/// Writes out what `program` has printed; returns `code`, or 1 with one line on stderr if that failed.
int written(const char* program, int code) noexcept;

}  // namespace tractor::tools
