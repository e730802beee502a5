// The tcp transport: stream sockets over IPv4 and IPv6.
#pragma once

#include "tractor/plugin/transport.hpp"

namespace tractor::tcp {

/// Connects actors over TCP, with Nagle's delay off on both ends.
///
/// Trusts nobody: anyone who can reach the port can connect, so the runtime asks peers for a key and binds
/// beyond loopback only when told to. Leaves nothing behind when a process dies.
class tcp_transport final : public transport {
 public:
  std::optional<address> parse(std::string_view text) const override;
  address default_registry() const override;
  address random_bind(const actor_id& who) const override;
  locality distance(const address& where) const override;
  task<std::unique_ptr<listener>> listen(address where) override;
  task<std::unique_ptr<byte_stream>> connect(address where) override;
};

}  // namespace tractor::tcp
