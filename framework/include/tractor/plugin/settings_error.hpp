// Bad input of a person: a flag, a variable, a config file.
#pragma once

#include <stdexcept>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Reports a setting that cannot be used. One line; it starts with the flag, the variable or
/// `file:line:column`.
class TRACTOR_API settings_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tractor
