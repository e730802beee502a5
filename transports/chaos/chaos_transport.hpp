// The chaos decorator: a transport on which things go wrong, by a script or a seed.
#pragma once

#include <memory>
#include <string>

#include "fault_course.hpp"
#include "tractor/plugin/transport_decorator.hpp"

namespace tractor::chaos {

/// The connections that one transport has made and accepted so far.
class connection_count {
 public:
  connection_number next(side is) noexcept;

 private:
  std::uint64_t all_ = 0, made_ = 0, accepted_ = 0;
};

/// Passes all to another transport; its connections suffer what the plan says.
///
/// Connections are counted in each process from 1, in the order in which they are made and accepted; one seed
/// gives the n-th one the same faults each time.
class chaos_transport final : public transport {
 public:
  /// `inner` outlives this transport; `key` is that of its addresses.
  chaos_transport(transport& inner, std::string key, chaos_plan plan);

  std::optional<address> parse(std::string_view text) const override;
  address default_registry() const override;
  address random_bind(const actor_id& who) const override;
  locality distance(const address& where) const override;
  bool encrypts() const noexcept override { return inner_.encrypts(); }
  bool crosses_processes() const noexcept override { return inner_.crosses_processes(); }
  bool vouches_for_peers() const noexcept override { return inner_.vouches_for_peers(); }
  task<std::unique_ptr<listener>> listen(address where) override;
  task<std::unique_ptr<byte_stream>> connect(address where) override;
  leftovers scan() const override { return inner_.scan(); }
  reap_report reap(const leftovers& what) override { return inner_.reap(what); }

 private:
  address inner_address(const address& where) const;

  transport& inner_;
  const std::string key_;
  const std::shared_ptr<const chaos_plan> plan_;
  const std::shared_ptr<connection_count> count_ = std::make_shared<connection_count>();
};

/// Makes `chaos+KEY`; the plan is that of the environment.
class chaos_decorator final : public transport_decorator {
 public:
  std::unique_ptr<transport> wrap(transport& inner, std::string key) override;
};

}  // namespace tractor::chaos
