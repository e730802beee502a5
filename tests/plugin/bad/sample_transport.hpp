// A transport that carries nothing, for plugins that are only looked at.
#pragma once

#include "tractor/plugin/descriptor.hpp"

namespace tractor::test {

class sample_transport : public transport {
 public:
  std::optional<address> parse(std::string_view) const override { return std::nullopt; }
  address default_registry() const override { return {"sample", "/sample/registry"}; }
  address random_bind(const actor_id&) const override { return {"sample", "/sample/any"}; }
  locality distance(const address&) const override { return locality::same_process; }
  task<std::unique_ptr<listener>> listen(address) override { co_return nullptr; }
  task<std::unique_ptr<byte_stream>> connect(address) override { co_return nullptr; }
};

}  // namespace tractor::test
