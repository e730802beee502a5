// How long the process of a test may live.
#pragma once

#include <chrono>
#include <string>

namespace tractor::harness::detail {

/// Returns the bound of a test by its full name. Behind the bound of the body come the guard of its process,
/// which shows where it stands, and, last of all, this one.
std::chrono::nanoseconds bound_of_process(const std::string& name);

}  // namespace tractor::harness::detail
