// The command line flags of the runtime, which every program has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/choices.hpp"

namespace tractor {

/// A command line, with the runtime's part taken out. A value.
class TRACTOR_API parsed_flags {
 public:
  parsed_flags() = default;

  choices said;
  std::optional<std::string> config_file;
  std::vector<std::string> rest;     ///< everything else in order, without the program's name and `--`
  std::vector<std::string> unknown;  ///< what of `rest` looks like a flag and stood before `--`
};

/// Takes the runtime's flags out of a command line, up to `--`.
///
/// `--flag value` and `--flag=value` are the same; of a flag given twice the last one counts, lists add up.
/// `--tpt-proto` and `--registry-addr` take all words that follow and look like a key or an address, up to
/// one of `commands`, which are words that mean something else to the program. Written by hand, since every
/// actor goes through it at its start: a general parser costs more to load than the rest of the start-up.
/// Throws `settings_error` that names the flag.
TRACTOR_API parsed_flags parse_runtime_flags(int argc, const char* const* argv,
                                             const std::vector<std::string>& commands = {});

/// Throws `settings_error` that names the first flag nobody knows and lists the runtime's.
TRACTOR_API void refuse_unknown(const parsed_flags& flags);

/// Returns the help text of the runtime's flags, one line each.
TRACTOR_API std::string runtime_flags_help();

}  // namespace tractor
