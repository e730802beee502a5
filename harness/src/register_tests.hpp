// Hands the matrix to GoogleTest.
#pragma once

#include <string>

namespace tractor::harness::detail {

/// Registers each declared test for each cell of the session, or of these only the one named `only`, and the
/// checks around plain tests.
void register_tests(const std::string& only = {});

}  // namespace tractor::harness::detail
