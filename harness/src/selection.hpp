// What a run leaves of the tests that GoogleTest's filter selects, and what is kept of how they went.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "flags.hpp"

namespace tractor::harness::detail {

/// Narrows the filter to what `-k` and `--lf` leave; says so when nothing has failed before. Call it when all
/// tests are registered. Throws `std::system_error`.
void narrow_selection(const flags& given);

/// Returns the names of all tests that the filter selects now, but for those that are disabled.
std::vector<std::string> selected_tests();

using timed_tests = std::vector<std::pair<std::chrono::milliseconds, std::string>>;

/// Prints the `count` slowest; nothing for 0.
void print_slowest(timed_tests tests, int count);

/// Keeps for `--lf` of a later run what has passed and what has failed. Where it cannot it says so, once.
void remember_results(const std::set<std::string>& passed, const std::set<std::string>& failed);

/// Notes how each test of this process goes: for `--lf` of a later run, and for `--durations`.
void watch_results(const flags& given);

}  // namespace tractor::harness::detail
