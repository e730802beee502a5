// What of the registry travels, and how.
#pragma once

#include <vector>

#include "runtime/actor_runtime.hpp"
#include "tractor/discovery/watch.hpp"

namespace tractor::detail {

void put_address(msg::writer& out, const address& where);
void put_addresses(msg::writer& out, const std::vector<address>& all);
address get_address(actor_runtime& self, msg::reader& in);
/// Passes over addresses of transports that are not enabled here.
std::vector<address> get_addresses(actor_runtime& self, msg::byte_view value);

/// An actor as our own registrars tell it: a map, of which unknown keys are ignored.
void put_actor(msg::writer& out, const actor_id& who, const std::vector<address>& where);
registered_actor get_actor(actor_runtime& self, msg::byte_view value);

}  // namespace tractor::detail
