// Errors as people see them on a terminal.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "tractor/runtime/errors.hpp"

namespace tractor::detail {

/// What is shown of one error. A value.
class error_box {
 public:
  std::string head;                ///< its type and the first line of its text
  std::vector<std::string> lines;  ///< the rest of its text, and its way here
  std::vector<error_box> members;  ///< of a group
};

/// `beside` is the group that it is a member of: what both have in common is shown once.
error_box box_of(const error_record& record, const error_record* beside = nullptr);
/// Takes any exception: those of other actors with their path, groups with their members.
error_box box_of(const std::exception_ptr& error);

/// Returns the box as lines, without a newline at the end. No line has more than `width` columns, if it is
/// not 0.
///
/// Whatever a terminal would obey stands as `\x1b`. Below 40 columns the width is taken for 40.
std::string text_of(const error_box& box, std::size_t width);

/// How the text of an error begins that this library made: where it was raised.
std::string place_of(const actor_id& self);

}  // namespace tractor::detail
