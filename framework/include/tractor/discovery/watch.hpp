// Watching who comes and goes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/discovery/find_options.hpp"
#include "tractor/plugin/actor_id.hpp"
#include "tractor/plugin/address.hpp"

namespace tractor {

namespace detail {
class watch_state;
}

/// An actor as a registrar knows it. A value.
class TRACTOR_API registered_actor {
 public:
  registered_actor() = default;
  registered_actor(actor_id who, std::vector<address> where)
      : id(std::move(who)), addresses(std::move(where)) {}

  actor_id id;
  std::vector<address> addresses;
};

/// What has happened in the registry. A value.
class TRACTOR_API registry_change {
 public:
  enum class kind { appeared, gone };

  registry_change() = default;
  registry_change(kind what, registered_actor who) : what(what), who(std::move(who)) {}

  kind what = kind::appeared;
  registered_actor who;
};

/// A sequence of changes, made by `watch_actors`.
///
/// Begins with whoever is registered at that time. An actor that several registrars know appears once, and is
/// gone when the last of them has lost it. One that comes and goes before anybody asked is passed over, so
/// that what waits to be read is bounded. A registrar that cannot be reached is waited for; what it knew is
/// gone when it is back without. Moved, not copied; ends with the object. Loop thread only.
class TRACTOR_API actor_watch {
 public:
  actor_watch(actor_watch&&) noexcept;
  actor_watch& operator=(actor_watch&&) noexcept;
  ~actor_watch();

  /// Waits for the next change; yields nothing after `close()`. A checkpoint. One task at a time.
  task<std::optional<registry_change>> next();
  /// Those who have appeared and are not gone, as far as `next` has told.
  std::vector<registered_actor> present() const;
  /// Ends the sequence. Idempotent.
  void close() noexcept;

 private:
  friend actor_watch watch_actors(std::string name, find_options options);
  explicit actor_watch(std::shared_ptr<detail::watch_state> state);
  std::shared_ptr<detail::watch_state> state_;
};

/// Watches a name, or with `find_options().prefix()` all names with that beginning. Not a checkpoint.
///
/// Registrars of the reference tell no changes: their tables are read twice a second.
TRACTOR_API actor_watch watch_actors(std::string name, find_options options = {});

}  // namespace tractor
