// The runtime's flags among the words of a tool, which has flags of its own beside them.
#pragma once

#include <string>
#include <vector>

#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings.hpp"

namespace CLI {
class App;
}

namespace tractor::tools {

/// The runtime's part of a command line. Other than in programs, folders of `--plugin-path` may be relative.
class runtime_flags {
 public:
  runtime_flags() = default;

  /// Takes the runtime's flags out; returns the other words in order, with `--` if it is there. The names of
  /// the sub-commands of `app` are no values of a list. Throws `settings_error`.
  std::vector<std::string> take(int argc, const char* const* argv, const CLI::App& app);

  /// Throws `settings_error` for what was given and a program would refuse.
  void require_as_in_programs() const;

  const parsed_flags& parsed() const noexcept { return parsed_; }

  /// Merges all settings. Throws `settings_error`.
  settings resolve() const { return resolve_settings(parsed_); }

  /// Sets the log levels and the folders to search for plugins. Throws `settings_error`.
  void apply() const;

  /// The same for a command that can do without: a broken config file or variable is not in its way unless
  /// flags were given.
  void try_to_apply() const;

 private:
  parsed_flags parsed_;
  std::vector<std::string> words_;  // those of the runtime's part, the program's name before them
  std::vector<std::string> commands_;
  bool given_ = false;
};

/// Names the runtime's flags in the help of `app` and of all its sub-commands, before the exit codes.
void show_runtime_flags(CLI::App& app);

/// One flag of the runtime: its name without dashes, and what it does.
struct shown_flag {
  std::string name, help;
};

/// Returns the flags of the runtime's help.
std::vector<shown_flag> shown_runtime_flags();

}  // namespace tractor::tools
