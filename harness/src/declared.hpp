// The tests that were declared.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "tractor/harness/test_case.hpp"

namespace tractor::harness::detail {

/// All declared tests; their places do not change.
std::deque<test_case>& declared_tests();
std::vector<std::function<void()>>& declared_sources();

}  // namespace tractor::harness::detail
