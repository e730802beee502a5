#include "discovery/registry_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tractor/discovery/errors.hpp"

namespace registry_table_test {

namespace {

using namespace tractor;
using detail::end_of_lease;
using detail::name_pattern;
using detail::registry_table;
using detail::tenure;
using namespace std::chrono_literals;

const time_point start = time_point() + 1h;

actor_id ann(const std::string& uuid = "1") { return actor_id("ann", uuid); }
actor_id bob() { return actor_id("bob", "2"); }
address at(int n) { return address("sample", "/sample/" + std::to_string(n)); }

tenure connection(const void* which) {
  tenure kept;
  kept.connection = which;
  return kept;
}
tenure lease(duration span, bool asked_for = false) {
  tenure kept;
  kept.lease = span;
  kept.expires = start + span;
  kept.asked_for = asked_for;
  return kept;
}

std::size_t count(const registry_table& table, const std::string& name, bool prefix = false) {
  return table.find(name_pattern(name, prefix)).size();
}

// The changes as text: `+ann -bob`.
std::string told(const registry_table& table, std::uint64_t after = 0,
                 const name_pattern& what = {"", true}) {
  const auto changes = table.changes_after(after, what);
  if (!changes) return "forgotten";
  std::string out;
  for (const auto& each : *changes)
    out += (out.empty() ? "" : " ") + std::string(each.what == registry_change::kind::appeared ? "+" : "-") +
           each.who.id.name();
  return out;
}

TEST(registry_table, finds_by_name_by_uuid_and_by_the_beginning_of_names) {
  registry_table table;
  table.add(ann(), {at(1)}, tenure());
  table.add(actor_id("anna", "3"), {at(3)}, tenure());
  table.add(bob(), {at(2)}, tenure());
  EXPECT_EQ(count(table, "ann"), 1u);
  EXPECT_EQ(count(table, "2"), 1u);
  EXPECT_EQ(count(table, "an"), 0u);
  EXPECT_EQ(count(table, "an", true), 2u);
  EXPECT_EQ(count(table, "", true), 3u);
}

TEST(registry_table, joins_the_addresses_of_one_actor) {
  registry_table table;
  table.add(ann(), {at(1)}, tenure());
  table.add(ann(), {at(2), at(1)}, tenure());
  ASSERT_EQ(table.all().size(), 1u);
  EXPECT_EQ(table.all().begin()->where, (std::vector<address>{at(1), at(2)}));
  EXPECT_EQ(told(table), "+ann");
}

TEST(registry_table, takes_an_address_away_from_whoever_had_it) {
  registry_table table;
  table.add(ann(), {at(1)}, tenure());
  table.add(bob(), {at(2), at(3)}, tenure());
  table.add(actor_id("cat", "4"), {at(1), at(3)}, tenure());
  EXPECT_EQ(told(table), "+ann +bob -ann +cat");
  EXPECT_EQ(table.find(name_pattern("bob", false)).front().where, (std::vector<address>{at(2)}));
  // The change tells where the actor was.
  EXPECT_EQ(table.changes_after(2, name_pattern("ann", false))->front().who.addresses,
            (std::vector<address>{at(1)}));
}

TEST(registry_table, removes_an_entry_with_its_last_address_and_says_whose_it_was) {
  registry_table table;
  table.add(ann(), {at(1), at(2)}, tenure());
  EXPECT_EQ(table.remove_address(at(1)), ann());
  EXPECT_EQ(count(table, "ann"), 1u);
  EXPECT_EQ(table.remove_address(at(2)), ann());
  EXPECT_EQ(count(table, "ann"), 0u);
  EXPECT_TRUE(table.remove_address(at(2)).empty());
  EXPECT_EQ(told(table), "+ann -ann");
}

TEST(registry_table, does_not_remove_an_address_that_somebody_else_has_by_now) {
  registry_table table;
  table.add(ann(), {at(1)}, tenure());
  table.add(bob(), {at(1)}, tenure());
  EXPECT_TRUE(table.remove_address(at(1), ann().uuid()).empty());
  EXPECT_EQ(count(table, "bob"), 1u);
  EXPECT_EQ(table.remove_address(at(1), bob().uuid()), bob());
}

TEST(registry_table, an_entry_ends_with_the_connection_that_keeps_it_and_no_other) {
  registry_table table;
  const int one = 0, two = 0;
  table.add(ann(), {at(1)}, connection(&one));
  table.add(bob(), {at(2)}, connection(&two));
  table.end_connection(&one, start);
  EXPECT_EQ(told(table), "+ann +bob -ann");
  // One that came back over a new connection before the end of the old one was noticed.
  table.add(bob(), {at(2)}, connection(&one));
  table.end_connection(&two, start);
  EXPECT_EQ(count(table, "bob"), 1u);
}

TEST(registry_table, one_of_its_own_is_kept_by_nothing) {
  registry_table table;
  const int other = 0;
  table.add(ann(), {at(1)}, tenure());
  table.end_connection(&other, start);
  EXPECT_TRUE(table.expire(start + 1000h).empty());
  EXPECT_EQ(count(table, "ann"), 1u);
  EXPECT_EQ(table.next_expiry(), time_point::max());
}

TEST(registry_table, a_lease_that_was_to_be_renewed_and_was_not_ends_the_entry) {
  registry_table table;
  table.add(ann(), {at(1)}, lease(10s, true));
  EXPECT_EQ(table.next_expiry(), start + 10s);
  EXPECT_TRUE(table.expire(start + 9s).empty());
  EXPECT_EQ(count(table, "ann"), 1u);
  table.expire(start + 10s);
  EXPECT_EQ(told(table), "+ann -ann");
}

TEST(registry_table, a_lease_beyond_all_time_never_ends) {
  EXPECT_EQ(detail::end_of_lease(duration::max(), start), time_point::max());
  EXPECT_EQ(detail::end_of_lease(10s, start), start + 10s);
}

TEST(registry_table, a_renewed_lease_lives_on) {
  registry_table table;
  table.add(ann(), {at(1)}, lease(10s, true));
  table.add(ann(), {at(1)}, lease(30s, true));
  table.expire(start + 20s);
  EXPECT_EQ(count(table, "ann"), 1u);
  EXPECT_EQ(told(table), "+ann");
}

TEST(registry_table, who_never_promised_to_renew_is_asked_before_the_entry_ends) {
  registry_table table;
  table.add(ann(), {at(1)}, lease(10s));
  const auto expired = table.expire(start + 10s);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired.front().who, ann());
  EXPECT_EQ(count(table, "ann"), 1u);
  table.settle(ann().uuid(), true, start + 10s);
  EXPECT_EQ(table.next_expiry(), start + 20s);
  table.settle(ann().uuid(), false, start + 19s);  // too early: it was renewed meanwhile
  EXPECT_EQ(count(table, "ann"), 1u);
  table.settle(ann().uuid(), false, start + 20s);
  EXPECT_EQ(told(table), "+ann -ann");
}

TEST(registry_table, allows_a_name_twice_unless_told_otherwise) {
  registry_table table;
  table.add(ann("1"), {at(1)}, tenure());
  table.add(ann("2"), {at(2)}, tenure());
  EXPECT_EQ(count(table, "ann"), 2u);
}

TEST(registry_table, can_refuse_a_name_that_is_taken_and_says_by_whom) {
  registry_table table;
  table.set_policy(name_policy::refuse);
  table.add(ann("12345678-1"), {at(1)}, tenure());
  table.add(ann("12345678-1"), {at(2)}, tenure());  // its own name is not taken
  try {
    table.add(ann("2"), {at(3)}, tenure());
    FAIL() << "nothing was thrown";
  } catch (const name_taken_error& error) {
    EXPECT_STREQ(error.what(), "the name 'ann' is taken by 'ann@12345678'");
  }
  EXPECT_EQ(told(table), "+ann");
  table.remove("12345678-1");
  table.add(ann("2"), {at(3)}, tenure());
  EXPECT_EQ(told(table), "+ann -ann +ann");
}

TEST(registry_table, can_let_the_newest_of_a_name_replace_the_others) {
  registry_table table;
  table.set_policy(name_policy::replace);
  table.add(ann("1"), {at(1)}, tenure());
  table.add(ann("2"), {at(2)}, tenure());
  ASSERT_EQ(table.all().size(), 1u);
  EXPECT_EQ(table.all().begin()->who.uuid(), "2");
  EXPECT_EQ(told(table), "+ann -ann +ann");
}

TEST(registry_table, tells_the_changes_after_a_number_that_match) {
  registry_table table;
  table.add(ann(), {at(1)}, tenure());
  const auto seen = table.last_change();
  table.add(bob(), {at(2)}, tenure());
  table.remove(ann().uuid());
  EXPECT_EQ(told(table, seen), "+bob -ann");
  EXPECT_EQ(told(table, seen, name_pattern("ann", false)), "-ann");
  EXPECT_EQ(told(table, table.last_change()), "");
  EXPECT_EQ(told(table, table.last_change() + 1), "forgotten");  // of another table
}

TEST(registry_table, forgets_old_changes_and_says_so) {
  registry_table table;
  EXPECT_EQ(told(table), "");
  table.add(ann(), {at(1)}, tenure());
  const auto seen = table.last_change();
  for (int i = 0; i < 1000; ++i) {
    table.add(bob(), {at(2)}, tenure());
    table.remove(bob().uuid());
  }
  EXPECT_EQ(told(table, seen), "forgotten");
  EXPECT_EQ(told(table, table.last_change() - 2), "+bob -bob");
}

/// Anything that may happen to a table, in any order.
class random_life {
 public:
  explicit random_life(unsigned seed) : chance_(seed) {}

  void step(registry_table& table) {
    const std::string uuid = std::to_string(pick(9));
    const actor_id who("name" + std::to_string(pick(4)), uuid);
    switch (pick(7)) {
      case 0:
        return table.remove(uuid);
      case 1:
        return static_cast<void>(table.remove_address(at(pick(12)), pick(2) ? uuid : ""));
      case 2:
        return table.end_connection(&connections_[pick(3)], now());
      case 3:
        for (const auto& each : table.expire(now())) table.settle(each.who.uuid(), pick(2), now());
        return;
      default:
        return table.add(who, {at(pick(12)), at(pick(12))}, some_tenure());
    }
  }

 private:
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(chance_); }
  time_point now() { return start + std::chrono::seconds(++seconds_ / 8); }
  tenure some_tenure() {
    if (pick(2)) return connection(&connections_[pick(3)]);
    tenure kept = lease(std::chrono::seconds(pick(20)), pick(2));
    kept.expires += now() - start;
    return kept;
  }

  std::mt19937 chance_;
  int connections_[3] = {};
  unsigned seconds_ = 0;
};

TEST(registry_table, holds_together_whatever_happens_to_it) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    registry_table table;
    random_life life(seed);
    for (int i = 0; i < 500; ++i) {
      life.step(table);
      std::set<address> taken;
      std::map<std::string, std::size_t> names;
      time_point next = time_point::max();
      for (const auto& each : table.all()) {
        for (const address& one : each.where) EXPECT_TRUE(taken.insert(one).second) << one.text();
        EXPECT_FALSE(each.where.empty());
        EXPECT_EQ(count(table, each.uuid()), 1u);
        if (!each.kept.connection) next = std::min(next, each.kept.expires);
        ++names[each.name()];
      }
      for (const auto& [name, often] : names) EXPECT_EQ(count(table, name), often);
      EXPECT_EQ(table.next_expiry(), next);
      ASSERT_FALSE(HasFailure()) << "after step " << i;
    }
  }
}

}  // namespace

}  // namespace registry_table_test
