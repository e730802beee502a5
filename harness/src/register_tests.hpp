// Hands the matrix to GoogleTest.
#pragma once

namespace tractor::harness::detail {

/// Registers each declared test for each cell of the session, and the checks around plain tests.
void register_tests();

}  // namespace tractor::harness::detail
