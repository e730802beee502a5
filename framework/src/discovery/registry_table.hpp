// The table of a registrar: who is registered where, for how long, and what has changed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tractor/async/condition.hpp"
#include "tractor/discovery/watch.hpp"
#include "tractor/runtime/run.hpp"

namespace tractor::detail {

/// What is looked for: a name or uuid, or the beginning of names. A value.
class name_pattern {
 public:
  name_pattern() = default;
  name_pattern(std::string text, bool prefix) : text(std::move(text)), prefix(prefix) {}
  bool matches(const actor_id& who) const noexcept;

  std::string text;
  bool prefix = false;
};

/// What keeps an entry. A value.
///
/// An open connection keeps it; without one it lives until `expires`. Who promised to renew it is taken at
/// their word; for peers that know of no promise (`asked_for`) the registrar finds out whether they are still
/// there.
class tenure {
 public:
  const void* connection = nullptr;
  duration lease{};
  time_point expires = time_point::max();
  bool asked_for = false;
};

/// Lives in the actor that was elected. Loop thread only.
class registry_table {
 public:
  class entry {
   public:
    actor_id who;
    std::vector<address> where;
    tenure kept;
  };
  class change {
   public:
    std::uint64_t number = 0;
    registry_change::kind what{};
    registered_actor who;
  };

  void set_policy(name_policy policy) noexcept { policy_ = policy; }

  /// Enters an actor, or renews its entry and adds the addresses; takes them away from whoever had them.
  /// Throws `name_taken_error`.
  void add(const actor_id& who, const std::vector<address>& where, const tenure& kept);
  void remove(const std::string& uuid);
  /// Removes one address, unless it is not that of `uuid` (if that is given); yields whose it was.
  actor_id remove_address(const address& where, const std::string& uuid = {});
  /// A connection has ended: entries that only it kept are gone, those with a lease live until that ends.
  void end_connection(const void* connection, time_point now);
  /// Removes what was to be renewed and was not; yields what has expired besides, which may still be alive.
  std::vector<entry> expire(time_point now);
  /// Prolongs the lease of an entry that has expired, or removes it; one that was renewed meanwhile stays as
  /// it is.
  void settle(const std::string& uuid, bool alive, time_point now);
  /// When the next lease ends.
  time_point next_expiry() const noexcept;

  /// Every match, in the order of registration.
  std::vector<entry> find(const name_pattern& pattern) const;
  const std::vector<entry>& all() const noexcept { return entries_; }

  /// The number of the last change, and the changes after a number; nothing when some are forgotten already.
  std::uint64_t last_change() const noexcept { return last_change_; }
  std::optional<std::vector<change>> changes_after(std::uint64_t number, const name_pattern& pattern) const;
  condition& changed() noexcept { return changed_; }

 private:
  void make_room_for(const actor_id& who);
  void note(registry_change::kind what, const entry& of);
  template <class Matches> void erase_where(Matches&& matches);

  std::vector<entry> entries_;
  name_policy policy_ = name_policy::allow;
  std::deque<change> changes_;
  std::uint64_t last_change_ = 0;
  condition changed_;
};

}  // namespace tractor::detail
