// The table of a registrar: who is registered where, for how long, and what has changed.
#pragma once

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/key.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstdint>
#include <deque>
#include <map>
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

/// Returns when a lease that begins now ends; never, if that is beyond all time.
time_point end_of_lease(duration lease, time_point now) noexcept;

/// Lives in the actor that was elected. Loop thread only.
///
/// No step takes longer because many are registered, but for a look at all of them.
class registry_table {
 public:
  class entry {
   public:
    const std::string& uuid() const noexcept { return who.uuid(); }
    const std::string& name() const noexcept { return who.name(); }
    const void* connection() const noexcept { return kept.connection; }
    /// Never while its connection is open.
    time_point end() const noexcept { return kept.connection ? time_point::max() : kept.expires; }

    std::uint64_t number = 0;  ///< in the order of registration
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
  std::size_t size() const noexcept { return entries_.size(); }
  /// All of them, in the order of registration.
  const auto& all() const noexcept { return entries_.get<by_number>(); }

  /// The number of the last change, and the changes after a number; nothing when some are forgotten already.
  std::uint64_t last_change() const noexcept { return last_change_; }
  std::optional<std::vector<change>> changes_after(std::uint64_t number, const name_pattern& pattern) const;
  condition& changed() noexcept { return changed_; }

 private:
  class by_number {};
  class by_uuid {};
  class by_name {};
  class by_connection {};
  class by_end {};
  template <class Tag> using tag = boost::multi_index::tag<Tag>;
  template <auto Key> using key = boost::multi_index::key<Key>;
  using entries = boost::multi_index_container<
      entry, boost::multi_index::indexed_by<
                 boost::multi_index::ordered_unique<tag<by_number>, key<&entry::number>>,
                 boost::multi_index::hashed_unique<tag<by_uuid>, key<&entry::uuid>>,
                 boost::multi_index::hashed_non_unique<tag<by_name>, key<&entry::name>>,
                 boost::multi_index::hashed_non_unique<tag<by_connection>, key<&entry::connection>>,
                 boost::multi_index::ordered_non_unique<tag<by_end>, key<&entry::end>>>>;
  using place = entries::iterator;

  void make_room_for(const actor_id& who);
  void take_away(const std::vector<address>& where, const actor_id& from_all_but);
  void note(registry_change::kind what, const entry& of);
  void erase(place gone);
  void forget_address(place of, const address& where);

  entries entries_;
  std::map<address, std::uint64_t> owners_;  // by the number of an entry: an address is one actor's
  std::uint64_t last_number_ = 0;
  name_policy policy_ = name_policy::allow;
  std::deque<change> changes_;
  std::uint64_t last_change_ = 0;
  condition changed_;
};

}  // namespace tractor::detail
