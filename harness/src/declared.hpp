// The tests that were declared.
#pragma once

#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "tractor/harness/test_case.hpp"

namespace tractor::harness::detail {

/// All declared tests; their places do not change.
std::deque<test_case>& declared_tests();
std::vector<std::function<void()>>& declared_sources();

/// Returns the declared test that bears the name `suite.name/cell`; null if that is a plain one's.
const test_case* find_declared(std::string_view name);

}  // namespace tractor::harness::detail
