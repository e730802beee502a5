// What a process has inherited, as text that parent and child can compare.
#pragma once

#include <string>

namespace backend_tests {

/// One line each for directory, umask, affinity, every limit, signal mask, ignored and caught signals, group,
/// session, and every variable (sorted).
std::string process_state();
/// One line `number device:inode` for each open descriptor.
std::string open_descriptors();
/// The part of a state that begins with `field`, one or several lines.
std::string field_of(const std::string& state, const std::string& field);

}  // namespace backend_tests
