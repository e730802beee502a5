// One sweep over the leftovers of all plugins.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tractor/plugin/leftovers.hpp"

namespace tractor::reap {

/// What to look for. A value.
class request {
 public:
  bool processes = true;
  bool segments = false;
  bool foreign_segments = false;  ///< with `segments`: also those that no actor made
  bool sockets = false;
  bool dumps = false;
  bool others = false;                                   ///< what plugins leave that is neither of these
  int parent = 0;                                        ///< if it is one: its children, in place of orphans
  std::chrono::milliseconds grace = default_reap_grace;  ///< for a process to end in order
  bool dry_run = false;
};

/// What became of one leftover.
enum class fate { found, removed, killed, failed };

/// One leftover and what became of it. A value.
class action {
 public:
  action(fate what, leftover on) : what(what), on(std::move(on)) {}

  fate what;
  leftover on;
};

/// All that a sweep did. A value.
class outcome {
 public:
  std::vector<action> actions;
  std::vector<std::string> complaints;  ///< plugins that could not be asked

  std::size_t count(fate of) const noexcept;
  /// Nothing that was to be removed is left, no process had to be killed, and every plugin was asked.
  bool clean() const noexcept {
    return complaints.empty() && count(fate::failed) == 0 && count(fate::killed) == 0;
  }
};

/// Asks every good plugin of the process's registry what dead actors left, and removes that unless it is a
/// dry run: processes first, since one that ends in order removes its own memory and socket. Blocks for the
/// grace of the backends.
outcome sweep(const request& wanted);

/// One line for each action, and a summary.
std::string to_text(const outcome& done, const request& wanted);
/// An array of objects: action, kind, name, pid, detail.
std::string to_json(const outcome& done);

}  // namespace tractor::reap
