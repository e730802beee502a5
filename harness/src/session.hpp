// How the session of this process is set.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

/// Makes `chosen` what `current_session` returns.
void set_session(session chosen);
/// Returns a bound times the run's `--timeout-scale`.
std::chrono::nanoseconds scaled(std::chrono::nanoseconds bound);
/// Writes a span as `0.5 s`.
std::string seconds_text(std::chrono::nanoseconds span);
/// Lets `seed` print itself again.
void start_test() noexcept;
/// Measures what `head_room` is to return, with `side_by_side` of its pieces of work at the same time, and
/// prints it.
double measure_head_room(std::size_t side_by_side);
/// Takes over what another process has measured. Call it before `head_room`.
void set_head_room(double factor) noexcept;

}  // namespace tractor::harness::detail
