// The contract of a spawn backend plugin.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/plugin/child_process.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// What a backend can do, for tests and tools that ask for a capability and not for a name.
enum class spawn_capability : unsigned {
  none = 0,
  fresh_exec = 1,  ///< a child runs the program from its start
  fork = 2,        ///< a child is a copy of a process of this program
  batch = 4,       ///< `spawn_batch` is more than a loop
  debugger = 8,    ///< a child can own the terminal
};
constexpr spawn_capability operator|(spawn_capability a, spawn_capability b) noexcept {
  return static_cast<spawn_capability>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(spawn_capability all, spawn_capability one) noexcept {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// What a backend may prepare itself with, before the process has threads or a loop.
class TRACTOR_API boot_info {
 public:
  int argc = 0;
  char** argv = nullptr;
  /// Runs the child's whole life; never throws. The child exits with the returned code.
  ///
  /// A forking backend calls this in the new process, with its descriptors at the requested numbers and its
  /// title set, and then `_exit`s. An exec'd child comes to the same place by itself (see
  /// `spawn_request::env`).
  int (*child_main)() = nullptr;
};

/// One child to be made. A value; the kernel has put its own descriptors and variables in already.
class TRACTOR_API spawn_request {
 public:
  /// The process title: argv[0] (alone) as `pgrep -af` sees it, and its first 15 bytes as comm.
  std::string title;
  /// (ours, the number in the child). Every other descriptor above 2 is closed in the child; 0, 1 and 2 are
  /// those of the parent unless listed here. No number in the child stands here twice.
  std::vector<std::pair<int, int>> fds;
  /// Variables to set in the child, over those of the parent at the time of the call.
  std::vector<std::pair<std::string, std::string>> env;
  /// The child's working directory; empty for the parent's at the time of the call.
  std::string working_directory;
};

/// How processes start: one object a process, created by the plugin's descriptor, never destroyed.
///
/// Under every backend a child has the working directory, environment, umask, CPU affinity, resource limits
/// and signal mask that its parent has at the time of the call; signal dispositions are the default ones
/// (ignored SIGPIPE excepted). It is a child of the calling process and of no other.
class TRACTOR_API spawn_backend {
 public:
  spawn_backend() = default;
  spawn_backend(const spawn_backend&) = delete;
  spawn_backend& operator=(const spawn_backend&) = delete;
  virtual ~spawn_backend() = default;

  virtual spawn_capability caps() const noexcept = 0;
  /// Called as the first act of an actor: before threads, before a loop. May be called again once `shutdown`
  /// was.
  virtual void prepare(const boot_info&) {}
  /// Makes one child; ends when the process exists, not when it has booted. A checkpoint.
  ///
  /// `request` outlives the task. Throws `std::system_error`; after a cancel or an error no child is left.
  virtual task<std::unique_ptr<child_process>> spawn(const spawn_request& request) = 0;
  /// Makes several at once; all or none.
  virtual task<std::vector<std::unique_ptr<child_process>>> spawn_batch(
      std::span<const spawn_request> requests);
  /// Processes of the backend's own, which are no actors (a zygote): known to tools and leak checks.
  virtual std::vector<int> helper_pids() const { return {}; }
  /// Ends the helpers and reaps them. Called last in an actor's life; idempotent; blocks for milliseconds at
  /// most.
  virtual void shutdown() noexcept {}
  /// Finds what dead actors of this backend left behind (of this user only).
  virtual leftovers scan() const { return {}; }
  /// Ends leftovers that `scan` found, after proving once more that each is orphaned: by force what has not
  /// ended within `grace`.
  virtual reap_report reap(const leftovers&,
                           [[maybe_unused]] std::chrono::milliseconds grace = default_reap_grace) {
    return {};
  }
};

}  // namespace tractor
