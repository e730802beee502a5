// What a bad test leaves for those who look into it.
#pragma once

#include <cstddef>
#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// Copies the files of the test's own folder `from` to a folder below `to` that is named after the test, with
/// its output beside them, and notes that in `of.kept`.
///
/// Of one of several attempts, which count from 1, they go to a folder in there, `attempt-1`; 0 is the only
/// one. What was there of an earlier run goes at the first. Throws `std::system_error` that names the path.
void keep_artifacts(test_result& of, const std::string& from, const std::string& to, std::size_t attempt);

/// Writes the output of all attempts beside their folders, and notes the folder of the test in `of.kept`.
/// Throws `std::system_error` that names the path.
void keep_output(test_result& of, const std::string& to);

}  // namespace tractor::harness::detail
