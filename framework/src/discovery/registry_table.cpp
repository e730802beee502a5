#include "discovery/registry_table.hpp"

#include <algorithm>

#include "tractor/discovery/errors.hpp"

namespace tractor::detail {

namespace {
// A watcher that is slower than this reads the whole table again.
constexpr std::size_t remembered_changes = 256;
}  // namespace

bool name_pattern::matches(const actor_id& who) const noexcept {
  return prefix ? who.name().starts_with(text) : who.name() == text || who.uuid() == text;
}

void registry_table::note(registry_change::kind what, const entry& of) {
  change made;
  made.number = ++last_change_;
  made.what = what;
  made.who = registered_actor(of.who, of.where);
  changes_.push_back(std::move(made));
  if (changes_.size() > remembered_changes) changes_.pop_front();
}

template <class Matches> void registry_table::erase_where(Matches&& matches) {
  const auto kept = std::stable_partition(entries_.begin(), entries_.end(),
                                          [&](const entry& each) { return !matches(each); });
  if (kept == entries_.end()) return;
  for (auto gone = kept; gone != entries_.end(); ++gone) note(registry_change::kind::gone, *gone);
  entries_.erase(kept, entries_.end());
  changed_.notify_all();
}

void registry_table::make_room_for(const actor_id& who) {
  if (policy_ == name_policy::allow) return;
  auto namesake = [&](const entry& each) { return each.who.name() == who.name() && each.who != who; };
  if (policy_ == name_policy::replace) {
    erase_where(namesake);
    return;
  }
  const auto taken = std::find_if(entries_.begin(), entries_.end(), namesake);
  if (taken != entries_.end())
    throw name_taken_error("the name '" + who.name() + "' is taken by '" + taken->who.short_form() + "'");
}

void registry_table::add(const actor_id& who, const std::vector<address>& where, const tenure& kept) {
  make_room_for(who);
  auto is_ours = [&](const entry& each) { return each.who == who; };
  auto taken = [&](const address& at) { return std::find(where.begin(), where.end(), at) != where.end(); };
  erase_where([&](const entry& each) {
    return !is_ours(each) && !each.where.empty() && std::all_of(each.where.begin(), each.where.end(), taken);
  });
  for (entry& each : entries_)
    if (!is_ours(each)) std::erase_if(each.where, taken);
  const auto known = std::find_if(entries_.begin(), entries_.end(), is_ours);
  if (known != entries_.end()) {
    known->kept = kept;
    for (const address& at : where)
      if (std::find(known->where.begin(), known->where.end(), at) == known->where.end())
        known->where.push_back(at);
    changed_.notify_all();  // it may end earlier than whoever waits for that reckons
    return;
  }
  entry fresh;
  fresh.who = who;
  fresh.where = where;
  fresh.kept = kept;
  entries_.push_back(std::move(fresh));
  note(registry_change::kind::appeared, entries_.back());
  changed_.notify_all();
}

void registry_table::remove(const std::string& uuid) {
  erase_where([&](const entry& each) { return each.who.uuid() == uuid; });
}

actor_id registry_table::remove_address(const address& where, const std::string& uuid) {
  actor_id owner;
  for (entry& each : entries_) {
    if (!uuid.empty() && each.who.uuid() != uuid) continue;
    const auto at = std::find(each.where.begin(), each.where.end(), where);
    if (at == each.where.end()) continue;
    owner = each.who;
    // The last one stays, so that the change tells where the actor was.
    if (each.where.size() > 1) each.where.erase(at);
  }
  if (!owner.empty())
    erase_where([&](const entry& each) {
      return each.who == owner && each.where.size() == 1 && each.where.front() == where;
    });
  return owner;
}

void registry_table::end_connection(const void* connection, time_point now) {
  for (entry& each : entries_) {
    if (each.kept.connection != connection || each.kept.lease == duration::zero()) continue;
    each.kept.connection = nullptr;
    each.kept.expires = now + each.kept.lease;
    changed_.notify_all();
  }
  erase_where([&](const entry& each) { return each.kept.connection == connection; });
}

std::vector<registry_table::entry> registry_table::expire(time_point now) {
  auto expired = [&](const entry& each) { return !each.kept.connection && each.kept.expires <= now; };
  erase_where([&](const entry& each) { return expired(each) && each.kept.asked_for; });
  std::vector<entry> out;
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(out), expired);
  return out;
}

void registry_table::settle(const std::string& uuid, bool alive, time_point now) {
  auto expired = [&](const entry& each) {
    return each.who.uuid() == uuid && !each.kept.connection && each.kept.expires <= now;
  };
  if (!alive) erase_where(expired);
  for (entry& each : entries_)
    if (expired(each)) each.kept.expires = now + each.kept.lease;
}

time_point registry_table::next_expiry() const noexcept {
  time_point next = time_point::max();
  for (const entry& each : entries_)
    if (!each.kept.connection) next = std::min(next, each.kept.expires);
  return next;
}

std::vector<registry_table::entry> registry_table::find(const name_pattern& pattern) const {
  std::vector<entry> out;
  for (const entry& each : entries_)
    if (pattern.matches(each.who)) out.push_back(each);
  return out;
}

std::optional<std::vector<registry_table::change>> registry_table::changes_after(
    std::uint64_t number, const name_pattern& pattern) const {
  if (number > last_change_ || (number < last_change_ && changes_.front().number > number + 1))
    return std::nullopt;
  std::vector<change> out;
  for (const change& each : changes_)
    if (each.number > number && pattern.matches(each.who.id)) out.push_back(each);
  return out;
}

}  // namespace tractor::detail
