// What a bad test leaves for those who look into it.
#pragma once

#include <string>

#include "test_result.hpp"

namespace tractor::harness::detail {

/// Copies the files of the test's own folder `from` to a folder below `to` that is named after the test, with
/// its output beside them, and notes that in `of.kept`. What was there of an earlier run goes. Throws
/// `std::system_error` that names the path.
void keep_artifacts(test_result& of, const std::string& from, const std::string& to);

}  // namespace tractor::harness::detail
