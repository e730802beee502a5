// Plain structs: lists of their members, without any macro.
#include <gtest/gtest.h>

#include <tractor/msg/codec.hpp>

#include "round_trip.hpp"

namespace depot {

struct price {
  int cents = 0;
  std::string currency = "EUR";
};

struct order {
  int id = 0;
  std::string who;
  std::vector<int> qty;
  price total;
};

template <class T> struct box {
  T held{};
  int count = 1;
};

struct nothing {};

struct one {
  std::map<std::string, int> stock;
};

struct pointing {
  int* target = nullptr;
};

struct base {
  int n = 0;
};
struct derived : base {
  int m = 0;
};
struct first_is_dynamic {
  tractor::msg::value any;
  int n = 0;
};

namespace {
struct unnamed {
  int n = 0;
};
}  // namespace

}  // namespace depot

namespace aggregate_test {

namespace {

using namespace tractor::msg;
using depot::order;
using tractor::test::refusal_of;
using tractor::test::travelled;
using tractor::test::wire_hex;

static_assert(wire_type<order> && wire_type<depot::nothing> && wire_type<depot::box<depot::price>>);
static_assert(!wire_type<depot::pointing> && !wire_type<std::vector<depot::pointing>>);

static_assert(!wire_type<depot::derived>, "bases are not seen without a description");
static_assert(wire_type<depot::base> && wire_type<depot::first_is_dynamic>);

TEST(plain_structs, are_lists_of_their_members) {
  EXPECT_EQ(wire_hex(order{1, "b", {2}, {3, "X"}}),
            "9401a1629102"
            "9203a158");
  EXPECT_EQ(wire_hex(depot::nothing{}), "90");
  EXPECT_EQ(wire_hex(depot::one{{{"a", 1}}}), "9181a16101");
}

TEST(plain_structs, come_back_as_they_went) {
  const order read = travelled(order{1, "bob", {2, 3}, {4, "USD"}});
  EXPECT_EQ(read.id, 1);
  EXPECT_EQ(read.who, "bob");
  EXPECT_EQ(read.qty, (std::vector<int>{2, 3}));
  EXPECT_EQ(read.total.cents, 4);
  EXPECT_EQ(read.total.currency, "USD");
  travelled(depot::nothing{});
}

TEST(plain_structs, default_what_a_shorter_list_leaves_out) {
  const auto read = value(value::list{5}).as<depot::price>();
  EXPECT_EQ(read.cents, 5);
  EXPECT_EQ(read.currency, "EUR");
}

TEST(plain_structs, refuse_a_longer_list) {
  EXPECT_EQ(refusal_of<depot::price>(std::tuple(1, std::string("a"), 2)),
            "price: expected at most 2 elements, found 3");
  EXPECT_EQ(refusal_of<depot::nothing>(std::vector<int>{1}), "nothing: expected at most 0 elements, found 1");
}

TEST(plain_structs, errors_give_the_path_by_position) {
  EXPECT_EQ(refusal_of<order>(value(value::list{1, "b", value::list{1, "x"}})),
            "order[2][1]: expected an integer, found a string");
  EXPECT_EQ(refusal_of<order>(value(value::map{})), "order: expected a list, found a map");
}

TEST(plain_structs, are_named_as_their_author_wrote_them) {
  struct local {
    int n = 0;
  };
  EXPECT_EQ(wire_name<order>(), "depot::order");
  EXPECT_EQ(wire_name<depot::box<std::string>>(), "depot::box<str>");
  EXPECT_EQ((wire_name<depot::box<std::map<std::string, order>>>()), "depot::box<map<str,depot::order>>");
  EXPECT_EQ(wire_name<depot::unnamed>(), "depot::unnamed");
  EXPECT_EQ(wire_name<local>(), "local");
}

TEST(plain_structs, show_their_values_without_names) {
  EXPECT_EQ(to_text(order{1, "bob", {2}, {3, "EUR"}}), "order{1, \"bob\", [2], price{3, \"EUR\"}}");
  EXPECT_EQ(to_text(depot::nothing{}), "nothing{}");
}

}  // namespace

}  // namespace aggregate_test
