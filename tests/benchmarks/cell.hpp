// One pair of spawn backend and transport that is measured.
#pragma once

#include <string>
#include <vector>

#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/runtime/run.hpp"

namespace bench {

/// A backend and a transport, by key. A value.
class cell {
 public:
  cell(std::string backend, std::string transport, std::vector<std::string> plugin_path);

  const std::string& backend() const noexcept { return backend_; }
  const std::string& transport() const noexcept { return transport_; }
  const std::vector<std::string>& plugin_path() const noexcept { return plugin_path_; }
  std::string text() const { return backend_ + "+" + transport_; }
  /// Whether children are copies of a process of this program; else each is a fresh exec.
  bool forks() const noexcept { return tractor::has(caps_, tractor::spawn_capability::fork); }
  /// Whether its bytes stay on this host without a network stack: the raw counterpart is a unix socket then.
  bool same_host() const noexcept { return same_host_; }
  /// Options of a tree of its own in this cell: its registrar is met by nobody else.
  tractor::run_options options() const;
  /// The same with the registrar at `address`.
  tractor::run_options options(const std::string& address) const;

 private:
  std::string backend_;
  std::string transport_;
  std::vector<std::string> plugin_path_;
  tractor::spawn_capability caps_ = tractor::spawn_capability::none;
  bool same_host_ = false;
};

/// Returns the cells that flags and environment leave of all pairs of good plugins.
///
/// Takes the two variables that choose out of the environment, so that each tree runs what its cell says.
std::vector<cell> choose_cells(const tractor::parsed_flags& flags);

/// Throws `std::runtime_error` unless the running actor is of this cell.
void require_cell(const cell& wanted);

}  // namespace bench
