// Log specs: which subsystem shows what, as `--tl` and the configuration spell it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/log/level.hpp"

namespace tractor::log {

/// A parsed spec: one level for everything, or levels for single subsystems.
class spec {
 public:
  spec() = default;

  std::optional<level> all;                         ///< Set by a bare level.
  std::vector<std::pair<std::string, level>> each;  ///< Subsystem and level, in the order given.
};

/// Reads `level` or `subsystem:level,subsystem:level`, for instance `devx:runtime,trionics:cancel`.
///
/// Throws `std::invalid_argument` that names the wrong part and lists what is known there.
TRACTOR_API spec parse_spec(std::string_view text);

/// Sets the levels. A bare level is the new general level and forgets all single ones.
TRACTOR_API void apply(const spec& levels);

/// Sets the general level: that of each subsystem that no spec names.
TRACTOR_API void set_general_level(level value);

/// Returns the general level.
TRACTOR_API level general_level();

/// Returns the levels of single subsystems as a spec text, empty if there are none.
///
/// With the general level this is all a child process needs to log as its parent does.
TRACTOR_API std::string single_levels();

}  // namespace tractor::log
