// Words from a signal handler.
#pragma once

#include <unistd.h>

#include <cstring>

namespace tractor::harness::detail {

/// Writes to stderr at once; async-signal-safe.
inline void say(const char* text) noexcept {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace tractor::harness::detail
