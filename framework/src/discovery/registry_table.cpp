#include "discovery/registry_table.hpp"

#include <algorithm>

#include "tractor/discovery/errors.hpp"

namespace tractor::detail {

namespace {
// A watcher that is slower than this reads the whole table again.
constexpr std::size_t remembered_changes = 256;
}  // namespace

time_point end_of_lease(duration lease, time_point now) noexcept {
  return lease > time_point::max() - now ? time_point::max() : now + lease;
}

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

void registry_table::erase(place gone) {
  note(registry_change::kind::gone, *gone);
  for (const address& at : gone->where) owners_.erase(at);
  entries_.erase(gone);
  changed_.notify_all();
}

void registry_table::forget_address(place of, const address& where) {
  entries_.modify(of, [&](entry& each) { std::erase(each.where, where); });
  owners_.erase(where);
}

void registry_table::make_room_for(const actor_id& who) {
  if (policy_ == name_policy::allow) return;
  auto [at, end] = entries_.get<by_name>().equal_range(who.name());
  while (at != end) {
    const auto namesake = at++;
    if (namesake->who == who) continue;
    if (policy_ != name_policy::replace)
      throw name_taken_error("the name '" + who.name() + "' is taken by '" + namesake->who.short_form() +
                             "'");
    erase(entries_.project<by_number>(namesake));
  }
}

// An address is one actor's. Who is left with none is gone.
void registry_table::take_away(const std::vector<address>& where, const actor_id& from_all_but) {
  auto taken = [&](const address& at) { return std::find(where.begin(), where.end(), at) != where.end(); };
  for (const address& at : where) {
    const auto owner = owners_.find(at);
    if (owner == owners_.end()) continue;
    const place from = entries_.find(owner->second);
    if (from->who == from_all_but) continue;
    if (std::all_of(from->where.begin(), from->where.end(), taken))
      erase(from);
    else
      forget_address(from, at);
  }
}

void registry_table::add(const actor_id& who, const std::vector<address>& where, const tenure& kept) {
  make_room_for(who);
  take_away(where, who);
  auto& known = entries_.get<by_uuid>();
  auto at = known.find(who.uuid());
  const bool is_new = at == known.end();
  if (is_new) {
    entry fresh;
    fresh.number = ++last_number_;
    fresh.who = who;
    at = known.insert(std::move(fresh)).first;
  }
  known.modify(at, [&](entry& each) {
    each.kept = kept;
    for (const address& one : where)
      if (owners_.try_emplace(one, each.number).second) each.where.push_back(one);
  });
  if (is_new) note(registry_change::kind::appeared, *at);
  changed_.notify_all();  // it may end earlier than whoever waits for that reckons
}

void registry_table::remove(const std::string& uuid) {
  const auto& known = entries_.get<by_uuid>();
  if (const auto at = known.find(uuid); at != known.end()) erase(entries_.project<by_number>(at));
}

actor_id registry_table::remove_address(const address& where, const std::string& uuid) {
  const auto owner = owners_.find(where);
  if (owner == owners_.end()) return {};
  const place from = entries_.find(owner->second);
  if (!uuid.empty() && from->who.uuid() != uuid) return {};
  const actor_id who = from->who;
  // The last one stays, so that the change tells where the actor was.
  if (from->where.size() > 1)
    forget_address(from, where);
  else
    erase(from);
  return who;
}

void registry_table::end_connection(const void* connection, time_point now) {
  auto& kept = entries_.get<by_connection>();
  for (auto at = kept.find(connection); at != kept.end(); at = kept.find(connection)) {
    if (at->kept.lease == duration::zero()) {
      erase(entries_.project<by_number>(at));
      continue;
    }
    kept.modify(at, [&](entry& each) {
      each.kept.connection = nullptr;
      each.kept.expires = end_of_lease(each.kept.lease, now);
    });
    changed_.notify_all();
  }
}

std::vector<registry_table::entry> registry_table::expire(time_point now) {
  std::vector<entry> out;
  const auto& all = entries_.get<by_end>();
  for (auto at = all.begin(); at != all.end() && !at->kept.connection && at->end() <= now;) {
    const auto expired = at++;
    if (expired->kept.asked_for)
      erase(entries_.project<by_number>(expired));
    else
      out.push_back(*expired);
  }
  return out;
}

void registry_table::settle(const std::string& uuid, bool alive, time_point now) {
  const auto& known = entries_.get<by_uuid>();
  const auto at = known.find(uuid);
  if (at == known.end() || at->kept.connection || at->kept.expires > now) return;
  const place expired = entries_.project<by_number>(at);
  if (!alive) return erase(expired);
  entries_.modify(expired, [&](entry& each) { each.kept.expires = end_of_lease(each.kept.lease, now); });
}

time_point registry_table::next_expiry() const noexcept {
  return entries_.empty() ? time_point::max() : entries_.get<by_end>().begin()->end();
}

std::vector<registry_table::entry> registry_table::find(const name_pattern& pattern) const {
  std::vector<entry> out;
  if (pattern.prefix) {
    for (const entry& each : all())
      if (pattern.matches(each.who)) out.push_back(each);
    return out;
  }
  const auto [first, last] = entries_.get<by_name>().equal_range(pattern.text);
  out.assign(first, last);
  const auto& known = entries_.get<by_uuid>();
  if (const auto at = known.find(pattern.text); at != known.end() && at->name() != pattern.text)
    out.push_back(*at);
  std::sort(out.begin(), out.end(), [](const entry& a, const entry& b) { return a.number < b.number; });
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
