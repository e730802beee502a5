// Asking registrars: the runtime calls of discovery from the caller's side.
#pragma once

#include <string>
#include <vector>

#include "discovery/registry_table.hpp"
#include "discovery/registry_wire.hpp"
#include "runtime/actor_runtime.hpp"

namespace tractor::detail {

/// One call of a runtime verb of a peer; yields the encoded result. A checkpoint.
///
/// A cancel of the caller does not wait for the peer: the call is cancelled there in the background.
task<msg::buffer> call_verb(std::shared_ptr<link> via, std::string func, msg::buffer kwargs);

/// Whom a registrar named. Registrars of the reference tell addresses only: then `who` is empty.
class found_actor {
 public:
  actor_id who;
  std::vector<address> where;
  address registrar;
};

/// A use of a connection to the registrar at that address; null when this actor is it. A checkpoint.
///
/// Throws `registrar_unreachable`, also for an actor that is no registrar.
task<std::shared_ptr<link>> reach_registrar(actor_runtime& self, address registrar);
/// Looks a name up in one registrar; with `wait` not before somebody has it. A checkpoint.
///
/// Throws `registrar_unreachable`.
task<std::vector<found_actor>> ask_registrar(actor_runtime& self, address registrar, name_pattern pattern,
                                             bool wait);
/// The whole table of one registrar. A checkpoint. Throws `registrar_unreachable`.
task<std::vector<registered_actor>> read_table(actor_runtime& self, address registrar);
/// Tells a registrar that `who` (if it is known) does not listen on an address any more. A checkpoint.
task<> delete_stale(actor_runtime& self, address registrar, actor_id who, address stale);

/// What a watcher is told at once: a step from one state of the table to a later one.
class table_step {
 public:
  std::string epoch;         ///< which table: the registrar's uuid
  std::uint64_t number = 0;  ///< the state that this leads to
  bool whole = false;        ///< all who match stand here as appeared, whoever else was known is gone
  std::vector<registry_change> changes;
};
/// Waits until something has changed since a state, or the state is not that of this table; yields the step.
task<table_step> next_step(registry_table& table, std::string epoch, std::string known_epoch,
                           std::uint64_t known, name_pattern pattern);
/// The same by a registrar elsewhere. A checkpoint. Throws `registrar_unreachable`.
task<table_step> ask_next_step(actor_runtime& self, address registrar, std::string known_epoch,
                               std::uint64_t known, name_pattern pattern);

}  // namespace tractor::detail
