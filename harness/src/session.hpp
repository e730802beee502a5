// How the session of this process is set.
#pragma once

#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

/// Makes `chosen` what `current_session` returns.
void set_session(session chosen);
/// Lets `seed` print itself again.
void start_test() noexcept;

}  // namespace tractor::harness::detail
