// The mem transport: connections between tasks of one loop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tractor/plugin/transport.hpp"

namespace tractor::mem {

class mem_listener;

/// Connects endpoints of one process without a descriptor or a system call.
///
/// Bytes arrive in the turn of the loop in which they are sent, so a run is the same each time; a clock that
/// jumps is no trouble. Addresses are `/mem/NAME`, known to this transport object only: no child is reached.
class mem_transport final : public transport {
 public:
  mem_transport();
  ~mem_transport() override;

  std::optional<address> parse(std::string_view text) const override;
  address default_registry() const override;
  address random_bind(const actor_id& who) const override;
  locality distance(const address& where) const override;
  bool crosses_processes() const noexcept override { return false; }
  bool vouches_for_peers() const noexcept override { return true; }
  task<std::unique_ptr<listener>> listen(address where) override;
  task<std::unique_ptr<byte_stream>> connect(address where) override;

 private:
  // Shared with the listeners.
  using doors = std::map<std::string, mem_listener*>;

  friend class mem_listener;
  const std::shared_ptr<doors> doors_;
  mutable unsigned given_ = 0;
};

}  // namespace tractor::mem
