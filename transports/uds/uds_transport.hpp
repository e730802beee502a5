// The uds transport: stream sockets in the file system.
#pragma once

#include <set>
#include <string>

#include "tractor/plugin/transport.hpp"

namespace tractor::uds {

/// Connects actors of one user on one host over unix domain sockets.
///
/// Sockets live in a private folder, and both ends ask the kernel who the other is: only processes of our own
/// user get through, hence such peers need no key. A socket file that outlived its owner is replaced when its
/// address is wanted again, and found by `scan`.
class uds_transport final : public transport {
 public:
  std::optional<address> parse(std::string_view text) const override;
  address default_registry() const override;
  address random_bind(const actor_id& who) const override;
  locality distance(const address& where) const override;
  bool vouches_for_peers() const noexcept override { return true; }
  task<std::unique_ptr<listener>> listen(address where) override;
  task<std::unique_ptr<byte_stream>> connect(address where) override;
  leftovers scan() const override;
  reap_report reap(const leftovers& found) override;

 private:
  mutable std::set<std::string> given_;  // paths that random_bind handed out
};

}  // namespace tractor::uds
