// Finding actors by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tractor/discovery/errors.hpp"
#include "tractor/discovery/find_options.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/runtime/portal.hpp"

namespace tractor {

// Each function asks its registrars at the same time and is a checkpoint; bound it with `fail_after`. Each
// throws `registrar_unreachable` at once when none of them can be reached. A name stands for a uuid as well.
//
// An actor that this one is connected to is not dialled again. A connection made here is shared by all
// portals to its actor, on both sides, and closed when the last of them is gone.

/// Yields a portal to an actor of that name, the nearest one that answers; nothing when there is none.
///
/// The nearer of several addresses is taken, of equally near ones the latest. An entry whose address nobody
/// listens on, or somebody else does, is removed from its registrar. This actor itself is passed over; when
/// nobody else has the name, that is a `runtime_failure`.
TRACTOR_API task<std::optional<portal>> find_actor(std::string name, find_options options = {});
/// Yields portals to all actors of that name that answer, except this one; by default those that the first
/// registrar knows which knows any, with `only_first(false)` those of all registrars.
TRACTOR_API task<std::vector<portal>> find_actors(std::string name, find_options options = {});
/// Waits until an actor of that name registers; yields a portal to it.
TRACTOR_API task<portal> wait_for_actor(std::string name, find_options options = {});
/// Yields the addresses that a name is registered under, without connecting, the nearest first.
TRACTOR_API task<std::vector<address>> query_actor(std::string name, find_options options = {});
/// Yields the table of the first registrar that answers, with `only_first(false)` of all: `name.uuid` to
/// addresses.
TRACTOR_API task<std::map<std::string, std::vector<address>>> get_registry(find_options options = {});
/// Yields a portal to the first registrar that answers, for calls of what its program exposes.
///
/// This actor itself is passed over; when no other is asked, that is a `runtime_failure`. Of the options only
/// `registry_addrs` counts.
TRACTOR_API task<portal> get_registrar(find_options options = {});

/// A portal to the parent of this actor. Not a checkpoint. Throws `runtime_failure` in the root.
TRACTOR_API portal get_parent();
/// A portal to the root of this tree. A checkpoint. Throws `runtime_failure` in the root itself.
TRACTOR_API task<portal> get_root();

/// Waits until this actor stands in the table of one of its registrars.
///
/// Actors register in the background, so a program that must be found before it goes on calls this first. A
/// checkpoint. Throws `name_taken_error` when a registrar refused the name.
TRACTOR_API task<> wait_registered();

}  // namespace tractor
