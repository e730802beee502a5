// The actor that this process is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tractor/plugin/actor_id.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/runtime/portal.hpp"

namespace tractor {

class resource_cache;

/// The runtime of this process, as its own code sees it. Made by `tractor::run`; neither copied nor moved.
class TRACTOR_API actor {
 public:
  virtual const actor_id& id() const noexcept = 0;
  virtual bool is_root() const noexcept = 0;
  virtual bool is_registrar() const noexcept = 0;
  /// The keys of the spawn backend and of the transports in use.
  virtual const std::string& start_method() const noexcept = 0;
  virtual const std::vector<std::string>& transports() const noexcept = 0;
  /// Where it listens.
  virtual std::vector<address> addresses() const = 0;
  /// Where it says that it can be reached: what it was told to advertise, else where it listens.
  virtual std::vector<address> advertised() const = 0;
  /// The registrars it knows.
  virtual const std::vector<address>& registry_addrs() const noexcept = 0;
  virtual bool debug_mode() const noexcept = 0;
  /// The portal to the parent; throws `runtime_failure` in the root.
  virtual portal parent() const = 0;
  /// Ends this actor as if a peer had asked for it; returns at once.
  virtual void cancel_soon() noexcept = 0;
  /// Calls `callback` when the runtime ends, the last added first; also after a SIGINT, not after a SIGKILL.
  /// What it throws is logged as an error, and keeps no other from being called.
  virtual void at_exit(std::function<void()> callback) = 0;
  /// What the tasks of this actor share by `maybe_open_context`; lives as long as the actor serves.
  virtual resource_cache& resources() = 0;
  /// One line: running, cancelled by whom, counts of calls, peers and children.
  virtual std::string state() const = 0;

  actor(const actor&) = delete;
  actor& operator=(const actor&) = delete;

 protected:
  actor() = default;
  virtual ~actor() = default;
};

/// The runtime of this process; throws `no_runtime` when there is none.
TRACTOR_API actor& current_actor();
/// True in the root actor of a tree; false elsewhere, also without a runtime.
TRACTOR_API bool is_root_process() noexcept;

}  // namespace tractor
