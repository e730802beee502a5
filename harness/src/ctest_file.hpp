// The tests of this program for CTest.
#pragma once

#include <string>
#include <vector>

#include "flags.hpp"

namespace tractor::harness::detail {

/// Writes a script for CTest that adds each of `names`: run alone by this program, with the flags that are
/// `given`; labelled with suite, backend, transport and its own labels; with a bound in time and a code for
/// skips. Throws `std::system_error` that names the file.
void write_ctest_file(const std::string& file, const flags& given, const std::vector<std::string>& names);

}  // namespace tractor::harness::detail
