// Discovery's part of an actor: the table if it is a registrar, its own registrations, and the connections it
// finds others by.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "discovery/link_pool.hpp"
#include "discovery/registry_table.hpp"
#include "runtime/actor_runtime.hpp"

namespace tractor::detail {

/// How this actor stands with one registrar.
class registration {
 public:
  explicit registration(address where) : where(std::move(where)) {}
  address where;
  std::shared_ptr<link> via;  // null while there is none, and for our own table
  bool registered = false;
  std::exception_ptr refused;  // the name is taken
};

class registrar_hooks final : public discovery_hooks {
 public:
  task<std::vector<std::unique_ptr<listener>>> elect(actor_runtime& self,
                                                     const run_options& options) override;
  void enter(actor_runtime& self) override;
  task<> join(actor_runtime& self) override;
  task<> leave(actor_runtime& self) override;
  bool serve_verb(actor_runtime& self, link& from, const msg::start& call) override;
  void link_gone(actor_runtime& self, const link& ended) override;

  registry_table& table() noexcept { return table_; }
  link_pool& pool(actor_runtime& self);
  /// A use of a connection to the registrar at `where`, made if need be; null when this actor is that
  /// registrar. A checkpoint.
  task<std::shared_ptr<link>> registrar_at(actor_runtime& self, address where);
  /// Waits until one registration stands; throws what a registrar refused one with. A checkpoint.
  task<> wait_registered();

 private:
  task<> keep_registered(actor_runtime& self, std::shared_ptr<registration> at);
  task<> register_once(actor_runtime& self, registration& at);
  task<> leave_one(actor_runtime& self, std::shared_ptr<registration> at);
  task<> watch_leases(actor_runtime& self);
  void take_registration(actor_runtime& self, link& from, const msg::start& call);

  registry_table table_;
  duration lease_{};
  std::shared_ptr<link_pool> pool_;
  std::vector<std::shared_ptr<registration>> registrations_;
  cancel_scope joined_;  // what runs for the registrations' sake
  condition changed_;    // a registration, or a connection has ended
};

registrar_hooks& hooks_of(actor_runtime& self);

/// What was found at an address that may be a registrar's.
class probe_answer {
 public:
  /// `foreign`: it answers, and does not take us for one of its user's.
  enum class kind { absent, silent, foreign, occupied, registrar };
  kind what = kind::absent;
  std::string who;  // says more, for errors
};
/// Connects, swaps identities and leaves; no table of peers ever lists it. A checkpoint, bounded.
task<probe_answer> probe(actor_runtime& self, address where);

/// Spans that grow with each failure, up to a bound, each with a random part, so that many who wait for the
/// same do not come at once. A value.
class backoff {
 public:
  explicit backoff(duration first, duration longest) : first_(first), longest_(longest), next_(first) {}
  duration next();
  void reset() noexcept { next_ = first_; }

 private:
  duration first_, longest_, next_;
};

}  // namespace tractor::detail
