// The command line of a test program, and the axes of its matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "name_expression.hpp"
#include "tractor/plugin/choices.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::harness::detail {

/// How tests are kept apart: all in one process; each in one of its own; that in namespaces of its own as
/// well.
enum class isolation { none, process, sandbox };
/// Returns the word of `--isolate`.
constexpr const char* word_of(isolation how) noexcept {
  return how == isolation::none ? "none" : how == isolation::process ? "process" : "sandbox";
}

/// What the command line says, GoogleTest's flags taken out before. A value.
class flags {
 public:
  flags() = default;

  std::vector<std::string> backends;  ///< keys or aliases; empty: all
  choices runtime;                    ///< the flags that every program has
  std::string loglevel;               ///< a level or a spec; empty: the default
  std::optional<std::string> config_file;
  std::optional<std::uint64_t> seed;
  std::optional<double> timeout_scale;
  std::optional<name_expression> expression;  ///< -k
  bool stop_at_failure = false;               ///< -x
  bool last_failed = false;                   ///< --lf
  bool failed_first = false;                  ///< --ff
  std::optional<int> skip_code;               ///< of a run that skips all it has
  std::string ctest;                          ///< where to write the tests for CTest, and not run them
  int durations = 0;                          ///< how many of the slowest to show

  std::optional<isolation> isolate;  ///< --isolate
  std::string for_runner;            ///< the first flag that only a run with a process for each test has
  std::optional<int> jobs;           ///< how many of those side by side
  int retries = 0;
  bool foreground = false;               ///< -s
  bool keep_sandbox = false;             ///< --keep-sandbox
  bool watch = false;                    ///< --watch
  std::string junit, html, markdown;     ///< files for reports; empty: none
  std::string artifacts;                 ///< a folder for what bad tests wrote; empty: none
  std::vector<std::string> with;         ///< more programs whose tests are run
  std::string test_list;                 ///< where to write the tests for another's runner, and not run them
  std::string worker_folder;             ///< in a worker: where it reports; empty elsewhere
  int runner = 0;                        ///< in a worker: the process that it serves
  std::optional<double> head_room;       ///< in a worker: what its runner has measured
  std::vector<std::string> for_workers;  ///< the words that a worker needs too

  /// How tests are kept apart where nothing is said.
  isolation isolated() const noexcept { return isolate.value_or(isolation::sandbox); }
};

/// Reads the command line, its first word passed over. Throws `settings_error`, one line that names the flag.
flags parse_flags(int argc, const char* const* argv);

/// Returns the lines for `--help`.
std::string flags_help();

/// Chooses the keys of one axis (`kind` is "spawn" or "transport") from the plugins that were found.
///
/// All good ones, unless some are asked for (keys or aliases); `narrowed`, which comes from the environment,
/// wins. Throws `settings_error`, one line that lists what is known.
std::vector<std::string> choose_axis(const std::string& kind, const std::vector<plugin::plugin_info>& found,
                                     const std::vector<std::string>& asked,
                                     const std::vector<std::string>& narrowed);

}  // namespace tractor::harness::detail
