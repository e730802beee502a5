// What holds for a whole run of the tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tractor::harness {

/// One place of the matrix: how processes start and how bytes travel. A value.
class cell {
 public:
  cell() = default;
  cell(std::string backend, std::string transport)
      : backend(std::move(backend)), transport(std::move(transport)) {}

  std::string backend;
  std::string transport;

  /// `backend+transport`, as in the names of tests.
  std::string id() const { return backend + "+" + transport; }
  /// The transport without the decorators round it: `wave` of `tap+wave`.
  std::string bare_transport() const { return transport.substr(transport.rfind('+') + 1); }
  /// True when `where` is its backend, its id (with decorators or without), its transport, or a part of that
  /// one's key: a decorator, or what is inside.
  bool is(const std::string& where) const {
    return where == backend || where == id() || where == backend + "+" + bare_transport() ||
           ("+" + transport + "+").find("+" + where + "+") != std::string::npos;
  }
};

/// The choices of one run. A value; `current_session()` has those of this process.
class session {
 public:
  session() = default;

  std::vector<std::string> backends;    ///< keys, no aliases
  std::vector<std::string> transports;  ///< keys, no aliases
  std::vector<std::string> plugin_path;
  std::string loglevel;  ///< a level or a spec; empty: the default
  bool debug_mode = false;
  bool stackscope = false;
  bool full = false;  ///< the tests' full counts
  std::uint64_t seed = 0;
  double timeout_scale = 1;
  std::string folder;                  ///< private to this run, removed at its end
  std::vector<std::string> variables;  ///< `TRACTOR_…=…` of the environment, for who repeats a test
};

/// Returns the choices of this run; what `main` parsed.
const session& current_session() noexcept;

/// True when the tests are to run their full counts (`TRACTOR_TEST_FULL=1`).
bool full_run() noexcept;

/// Returns `slice` in an ordinary run, `full` in a full one.
template <class T> T count(T slice, T full) noexcept { return full_run() ? full : slice; }

/// Returns the seed of the run (flag `--seed`, else from the clock) and prints it once in each test that
/// asks.
std::uint64_t seed();

/// How much slower than a machine of its own this one is: at least 1, at most 20. For bounds on the time of
/// other programs.
///
/// The runner of tests measures and prints it as it starts. In a process without one the first call does.
double head_room();

}  // namespace tractor::harness
