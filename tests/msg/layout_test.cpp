#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <optional>
#include <tractor/msg/codec.hpp>
#include <tractor/msg/layout.hpp>

namespace kiosk {
struct item {
  int id = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(item, (), (id, name))
struct order {
  std::vector<item> items;
  std::optional<item> gift;
  item first;
};
BOOST_DESCRIBE_STRUCT(order, (), (items, gift, first))
struct pair {
  int a = 0;
  item b;
};
struct tree {
  int value = 0;
  std::vector<tree> below;
};
BOOST_DESCRIBE_STRUCT(tree, (), (value, below))
}  // namespace kiosk

namespace tractor::msg {

TEST(layout, names_the_members_of_every_struct_once) {
  EXPECT_EQ(layout_of<kiosk::item>(), "kiosk::item{id:int,name:str}");
  EXPECT_EQ((layout_of<int, kiosk::order>()),
            "kiosk::item{id:int,name:str}; kiosk::order{items:list<kiosk::item>,gift:optional<kiosk::item>,"
            "first:kiosk::item}");
  EXPECT_EQ(layout_of<std::vector<kiosk::pair>>(),
            "kiosk::item{id:int,name:str}; kiosk::pair{int,kiosk::item}");
}

TEST(layout, is_empty_without_structs_and_comes_to_an_end_with_recursive_ones) {
  EXPECT_EQ((layout_of<int, std::string, std::vector<double>>()), "");
  EXPECT_EQ(layout_of<>(), "");
  EXPECT_EQ(layout_of<kiosk::tree>(), "kiosk::tree{value:int,below:list<kiosk::tree>}");
}

TEST(layout, hashes_differ_with_the_text_and_are_the_same_everywhere) {
  EXPECT_EQ(layout_hash(""), 0u);
  EXPECT_EQ(layout_hash("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_NE(layout_hash("order{id:int}"), layout_hash("order{id:str}"));
}

TEST(changes, name_the_members_that_differ_by_path) {
  kiosk::order before, after;
  before.first = {1, "cup"};
  after.first = {1, "mug"};
  after.items.push_back({2, "tea"});
  const auto all = changes(before, after);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].path, "items");
  EXPECT_EQ(all[0].before, "[]");
  EXPECT_EQ(all[1].path, "first.name");
  EXPECT_EQ(to_text(all), "items: [] -> [item{id=2, name=\"tea\"}]\nfirst.name: \"cup\" -> \"mug\"");
  EXPECT_TRUE(changes(after, after).empty());
}

TEST(changes, of_plain_structs_have_numbers_and_those_of_values_no_path) {
  const auto all = changes(kiosk::pair{1, {2, "x"}}, kiosk::pair{5, {2, "y"}});
  EXPECT_EQ(to_text(all), "0: 1 -> 5\n1.name: \"x\" -> \"y\"");
  EXPECT_EQ(to_text(changes(3, 4)), "3 -> 4");
}

}  // namespace tractor::msg
