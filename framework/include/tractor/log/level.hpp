// The levels of log records, and how further ones are added.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tractor/detail/export.hpp"

namespace tractor::log {

/// How much a record matters; the numbers are part of the contract, and any other number may be added.
enum class level : int {
  transport = 5,
  debug = 10,
  runtime = 15,
  devx = 17,
  info = 20,
  io = 21,
  cancel = 22,
  warning = 30,
  error = 40,
  critical = 50,
  pdb = 500,
};

/// What a subsystem shows until it is told otherwise.
inline constexpr level default_level = level::error;

/// The colour of a level's name on a terminal.
enum class colour { none, red, green, yellow, blue, magenta, cyan, white };

/// Returns the name in capitals, such as `CANCEL`; a number that no level has gives `LEVEL <number>`.
TRACTOR_API std::string level_name(level value);

inline std::string to_string(level value) { return level_name(value); }

/// Returns the colour of the level, `none` for an unknown number.
TRACTOR_API colour level_colour(level value);

/// Returns the level of a name (in any case) or of a number from 1 to 1000.
///
/// Throws `std::invalid_argument` that lists the known names.
TRACTOR_API level parse_level(std::string_view text);

/// Adds a level: from here on its name is known to specs, and its records carry name and colour.
///
/// The name holds letters, digits and `_` only. Adding the same name and number again changes the colour.
/// Throws `std::invalid_argument` if the name or the number belongs to another level.
TRACTOR_API level add_level(std::string_view name, int value, colour shown_in = colour::none);

/// Returns all known names in capitals, the lowest level first.
TRACTOR_API std::vector<std::string> level_names();

}  // namespace tractor::log
