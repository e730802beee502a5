// How the session of this process is set.
#pragma once

#include <chrono>

#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

/// Makes `chosen` what `current_session` returns.
void set_session(session chosen);
/// Returns a bound times the run's `--timeout-scale`.
std::chrono::nanoseconds scaled(std::chrono::nanoseconds bound);
/// Lets `seed` print itself again.
void start_test() noexcept;

}  // namespace tractor::harness::detail
