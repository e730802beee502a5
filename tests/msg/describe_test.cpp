// Described structs: maps that may grow.
#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <tractor/msg/containers.hpp>
#include <tractor/msg/describe.hpp>
#include <tractor/msg/value.hpp>

#include "round_trip.hpp"

namespace shop {

struct line {
  std::string sku;
  int count = 1;
  bool operator==(const line&) const = default;
};
BOOST_DESCRIBE_STRUCT(line, (), (sku, count))

struct order {
  int id = 7;
  std::string who = "nobody";
  std::vector<int> qty;
  std::vector<line> lines;
  int _cursor = 0;
  bool operator==(const order&) const = default;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, who, qty, lines, _cursor))

struct rush_order : order {
  int hours = 0;
};
BOOST_DESCRIBE_STRUCT(rush_order, (order), (hours))

class account {
 public:
  account() = default;
  explicit account(int balance) : balance_(balance) {}
  int balance() const { return balance_; }

 private:
  int balance_ = 0;
  BOOST_DESCRIBE_CLASS(account, (), (), (), (balance_))
};

struct tree {
  int n = 0;
  std::vector<tree> kids;
  bool operator==(const tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (n, kids))

struct lock_status {
  static constexpr std::string_view wire_tag = "LockStatus";
  bool locked = false;
};
BOOST_DESCRIBE_STRUCT(lock_status, (), (locked))

struct undescribed_part {
  explicit undescribed_part(int) {}
};
struct broken {
  std::vector<undescribed_part> parts;
};
BOOST_DESCRIBE_STRUCT(broken, (), (parts))

}  // namespace shop

namespace describe_test {

namespace {

using namespace tractor::msg;
using shop::order;
using tractor::test::refusal_of;
using tractor::test::travelled;
using tractor::test::wire_hex;

static_assert(wire_type<order> && wire_type<shop::tree> &&
              wire_type<std::map<std::string, shop::rush_order>>);
static_assert(wire_type<shop::account>, "a class with constructors may travel once it is described");
static_assert(!wire_type<shop::broken> && !wire_type<shop::undescribed_part>);

value::map order_map(value qty) { return {{"id", 1}, {"who", "bob"}, {"qty", std::move(qty)}}; }

TEST(described_structs, are_maps_in_the_order_of_their_members) {
  EXPECT_EQ(wire_hex(shop::line{"a", 2}), "82a3736b75a161a5636f756e7402");
}

TEST(described_structs, come_back_as_they_went) {
  const order sent{1, "bob", {1, 2}, {{"a", 2}, {"b", 3}}, 9};
  EXPECT_EQ(travelled(sent), sent);
  shop::rush_order rush;
  rush.id = 3;
  rush.hours = 4;
  EXPECT_EQ(travelled(rush).id, 3);
  EXPECT_EQ(travelled(rush).hours, 4);
  EXPECT_EQ(travelled(shop::account(50)).balance(), 50);
  const shop::tree forest{1, {{2, {}}, {3, {{4, {}}}}}};
  EXPECT_EQ(travelled(forest), forest);
}

TEST(described_structs, take_their_keys_in_any_order) {
  const value::map turned{{"count", 5}, {"sku", "a"}};
  EXPECT_EQ(value(turned).as<shop::line>(), (shop::line{"a", 5}));
}

TEST(described_structs, ignore_unknown_keys_and_default_absent_ones) {
  const value::map other{{"colour", value::list{1, 2}}, {"who", "eve"}, {"zip", nullptr}};
  const auto read = value(other).as<order>();
  EXPECT_EQ(read.id, 7);
  EXPECT_EQ(read.who, "eve");
}

TEST(described_structs, keep_what_absent_members_hold_when_decoded_into) {
  order kept;
  kept.id = 99;
  decode_all(encoded(value(value::map{{"who", "eve"}})).view(), kept);
  EXPECT_EQ(kept.id, 99);
  EXPECT_EQ(kept.who, "eve");
}

TEST(described_structs, of_equal_keys_the_last_one_counts) {
  const value::map twice{{"count", 1}, {"count", 2}};
  EXPECT_EQ(value(twice).as<shop::line>().count, 2);
}

TEST(described_structs, errors_give_the_path_from_the_struct_on) {
  EXPECT_EQ(refusal_of<order>(value(order_map(value::list{1, 2, "x"}))),
            "order.qty[2]: expected an integer, found a string");
  value::map lines = order_map(value::list{});
  lines.emplace_back("lines", value::list{value::map{}, value::map{{"sku", 5}}});
  EXPECT_EQ(refusal_of<order>(value(lines)), "order.lines[1].sku: expected a string, found an integer");
  EXPECT_EQ(refusal_of<order>(5), "order: expected a map, found an integer");
  EXPECT_EQ(refusal_of<order>(std::map<int, int>{{1, 2}}), "order: expected a string, found an integer");
}

TEST(described_structs, errors_give_their_parts_too) {
  try {
    value(order_map(value::list{"x"})).as<order>();
    FAIL() << "the string was taken for an integer";
  } catch (const codec_error& wrong) {
    EXPECT_EQ(wrong.path(), "order.qty[0]");
    EXPECT_EQ(wrong.expected(), "an integer");
    EXPECT_EQ(wrong.found(), "a string");
  }
}

TEST(described_structs, errors_cut_the_keys_of_hostile_peers) {
  const value::map deep{{"lines", value::list{value::map{{"count", "x"}}}}};
  const std::map<std::string, order> keyed;
  const std::string long_key(100000, 'k');
  const value::map hostile{{long_key, deep}};
  EXPECT_LT((refusal_of<std::map<std::string, order>>(value(hostile))).size(), 300U);
}

TEST(described_structs, with_a_tag_are_written_and_checked_with_it) {
  EXPECT_EQ(wire_hex(shop::lock_status{true}), "82a86d73675f74797065aa4c6f636b537461747573a66c6f636b6564c3");
  EXPECT_TRUE(travelled(shop::lock_status{true}).locked);
  const value::map turned{{"locked", true}, {"msg_type", "LockStatus"}};
  EXPECT_TRUE(value(turned).as<shop::lock_status>().locked);
  const value::map other{{"msg_type", "LockRelease"}, {"locked", true}};
  EXPECT_EQ(refusal_of<shop::lock_status>(value(other)),
            "lock_status.msg_type: expected \"LockStatus\", found \"LockRelease\"");
}

TEST(described_structs, are_named_with_their_namespace) {
  EXPECT_EQ(wire_name<order>(), "shop::order");
  EXPECT_EQ(wire_name<std::vector<shop::tree>>(), "list<shop::tree>");
}

TEST(described_structs, show_their_members_but_hide_those_with_an_underscore) {
  EXPECT_EQ(to_text(order{1, "bob", {1, 2}, {{"a", 2}}, 9}),
            "order{id=1, who=\"bob\", qty=[1, 2], lines=[line{sku=\"a\", count=2}]}");
}

}  // namespace

}  // namespace describe_test
