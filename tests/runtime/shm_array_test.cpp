// Arrays in shared memory: both ends, bounds, rings.
#include "tractor/runtime/shm_array.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "shm_support.hpp"

namespace shop {
struct tick {
  std::int64_t time = 0;
  double price = 0;
  char venue[8] = {};
};
struct quote {
  double bid = 0;
  double ask = 0;
};
BOOST_DESCRIBE_STRUCT(quote, (), (bid, ask))
enum class side : std::uint8_t { buy, sell };
}  // namespace shop

namespace shm_array_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

static_assert(shm_element<shop::tick> && shm_element<double> && shm_element<shop::side>);
static_assert(!shm_element<std::string> && !shm_element<int*> && !shm_element<int[3]> &&
              !shm_element<const int>);
static_assert(!std::is_copy_constructible_v<shm_array<int>> && std::is_move_constructible_v<shm_array<int>>);

TEST(shm_element, has_a_name_that_does_not_depend_on_the_compiler) {
  EXPECT_EQ(shm_element_name<double>(), "float64");
  EXPECT_EQ(shm_element_name<long>(), "int64");
  EXPECT_EQ(shm_element_name<std::uint16_t>(), "uint16");
  EXPECT_EQ(shm_element_name<std::byte>(), "byte");
  EXPECT_EQ(shm_element_name<shop::side>(), "shop::side:uint8");
  EXPECT_EQ(shm_element_name<shop::tick>(), "shop::tick");
  EXPECT_EQ(shm_element_name<shop::quote>(), "shop::quote{bid:float64,ask:float64}");
  EXPECT_EQ((shm_element_name<std::array<shop::quote, 4>>()), "shop::quote{bid:float64,ask:float64}[4]");
}

TEST(shm_array, grows_at_both_ends_in_place) {
  auto mine = open_shm_array<int>(10, shm_array_options().start_at(4));
  const auto theirs = attach_shm_array<int>(mine.token());
  EXPECT_TRUE(theirs.empty());
  EXPECT_EQ(theirs.capacity(), 10u);
  mine.push(1);
  mine.append(std::vector{2, 3, 4});
  mine.prepend(0);
  mine.prepend(std::vector{-2, -1});
  EXPECT_THAT(theirs.view(), ElementsAre(-2, -1, 0, 1, 2, 3, 4));
  EXPECT_THAT(theirs.last(2), ElementsAre(3, 4));
  EXPECT_EQ(theirs.last(99).size(), 7u);
  EXPECT_THAT(theirs.copy_last(3), ElementsAre(2, 3, 4));
  EXPECT_EQ(theirs.first_index(), 1u);
  EXPECT_EQ(theirs.last_index(), 8u);
}

TEST(shm_array, starts_where_the_history_before_it_has_room) {
  EXPECT_EQ(open_shm_array<int>(1000).first_index(), 616u);
  EXPECT_EQ(open_shm_array<int>(1000, shm_array_options().start_at(0)).first_index(), 0u);
  auto front_only = open_shm_array<int>(3, shm_array_options().start_at(3));
  front_only.prepend(std::vector{1, 2, 3});
  EXPECT_THAT(front_only.view(), ElementsAre(1, 2, 3));
  EXPECT_THAT(thrown_by<shm_error>([] { open_shm_array<int>(3, shm_array_options().start_at(4)); }),
              HasSubstr("cannot start at index 4"));
}

TEST(shm_array, that_is_full_says_so_and_stays_as_it_was) {
  auto array = open_shm_array<int>(4, shm_array_options().start_at(1));
  array.append(std::vector{1, 2, 3});
  EXPECT_THAT(thrown_by<shm_full>([&] { array.push(4); }), HasSubstr("array of 4 int32"));
  array.prepend(0);
  thrown_by<shm_full>([&] { array.prepend(-1); });
  EXPECT_THAT(array.view(), ElementsAre(0, 1, 2, 3));

  auto half = open_shm_array<int>(4, shm_array_options().start_at(2));
  thrown_by<shm_full>([&] { half.append(std::vector{1, 2, 3}); });
  thrown_by<shm_full>([&] { half.prepend(std::vector{1, 2, 3}); });
  EXPECT_TRUE(half.empty());
}

TEST(shm_array, is_read_only_elsewhere_unless_told_otherwise) {
  auto mine = open_shm_array<int>(4, shm_array_options().start_at(0));
  mine.push(1);
  auto reader = attach_shm_array<int>(mine.token());
  EXPECT_FALSE(reader.writable());
  EXPECT_THAT(thrown_by<shm_error>([&] { reader.push(2); }), HasSubstr("read only"));
  thrown_by<shm_error>([&] { reader.edit(); });
  auto writer = attach_shm_array<int>(mine.token(), shm_access::read_write);
  writer.push(2);
  writer.edit()[0] = 10;
  EXPECT_THAT(mine.view(), ElementsAre(10, 2));
}

TEST(shm_array, holds_structs) {
  auto mine = open_shm_array<shop::tick>(2, shm_array_options().start_at(0));
  shop::tick one;
  one.time = 5;
  one.price = 1.5;
  mine.push(one);
  const auto theirs = attach_shm_array<shop::tick>(mine.token());
  EXPECT_EQ(theirs.view().front().time, 5);
  EXPECT_EQ(theirs.view().front().price, 1.5);
}

TEST(shm_array, is_not_taken_for_one_of_another_element_kind_or_size) {
  const auto ints = open_shm_array<int>(4);
  const auto why = thrown_by<shm_mismatch>([&] { attach_shm_array<double>(ints.token()); });
  EXPECT_THAT(why, HasSubstr("array of 4 int32 (4 bytes each)"));
  EXPECT_THAT(why, HasSubstr("array of float64 (8 bytes each)"));
  thrown_by<shm_mismatch>([&] { attach_shm_array<unsigned>(ints.token()); });

  shm_token larger = ints.token();
  larger.capacity = 4000;
  EXPECT_THAT(thrown_by<shm_mismatch>([&] { attach_shm_array<int>(larger); }),
              HasSubstr("array of 4000 int32"));
  shm_token endless = ints.token();
  endless.capacity = std::uint64_t(-1) / 4;
  thrown_by<shm_error>([&] { attach_shm_array<int>(endless); });
  shm_token liar = ints.token();
  liar.element = "uint32";
  EXPECT_THAT(thrown_by<shm_mismatch>([&] { attach_shm_array<unsigned>(liar); }),
              HasSubstr("as its token says"));
}

TEST(shm_array, has_room_for_something) {
  thrown_by<shm_error>([] { open_shm_array<int>(0); });
  thrown_by<shm_error>([] { open_shm_array<double>(std::size_t(-1) / 4); });
  EXPECT_THAT(own_segments(), IsEmpty());
}

TEST(shm_array, is_attached_and_left_a_thousand_times_without_growth) {
  auto mine = open_shm_array<double>(1000, shm_array_options().start_at(0));
  mine.push(1.5);
  const std::size_t files = open_files(), maps = mapped_segments();
  for (int i = 0; i < 1000; ++i) {
    const auto theirs = attach_shm_array<double>(mine.token());
    ASSERT_EQ(theirs.view().back(), 1.5);
  }
  for (int i = 0; i < 1000; ++i) open_shm_array<double>(10);
  EXPECT_EQ(open_files(), files);
  EXPECT_EQ(mapped_segments(), maps);
  EXPECT_THAT(own_segments(), ElementsAre(mine.token().key));
}

TEST(shm_ring_array, wraps) {
  auto ring = open_shm_array<int>(4, shm_array_options().ring());
  const auto theirs = attach_shm_array<int>(ring.token());
  EXPECT_TRUE(theirs.is_ring());
  EXPECT_THAT(theirs.copy_last(4), IsEmpty());
  for (int i = 0; i < 3; ++i) ring.push(i);
  EXPECT_THAT(theirs.copy_last(9), ElementsAre(0, 1, 2));
  ring.append(std::vector{3, 4, 5});
  EXPECT_THAT(theirs.copy_last(9), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(theirs.copy_last(2), ElementsAre(4, 5));
  EXPECT_EQ(theirs.first_index(), 2u);
  EXPECT_EQ(theirs.last_index(), 6u);
  ring.append(std::vector{6, 7, 8, 9, 10, 11, 12, 13, 14});
  EXPECT_THAT(theirs.copy_last(9), ElementsAre(11, 12, 13, 14));
  EXPECT_EQ(theirs.last_index(), 15u);
  EXPECT_EQ(theirs.size(), 4u);
}

TEST(shm_ring_array, has_neither_a_begin_nor_a_view) {
  auto ring = open_shm_array<int>(4, shm_array_options().ring());
  thrown_by<shm_error>([&] { ring.prepend(1); });
  EXPECT_THAT(thrown_by<shm_error>([&] { static_cast<void>(ring.view()); }), HasSubstr("take copies"));
  thrown_by<shm_error>([&] { static_cast<void>(ring.last(1)); });
  thrown_by<shm_error>([&] { ring.edit(); });
}

// One thread plays the other process: it has a mapping of its own.
TEST(shm_ring_array, gives_whole_elements_in_sequence_while_a_writer_overtakes) {
  struct wide {
    std::uint64_t number = 0, copies[63] = {};
  };
  constexpr std::uint64_t count = 200'000;
  auto ring = open_shm_array<wide>(3, shm_array_options().ring());
  const auto theirs = attach_shm_array<wide>(ring.token());
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= count; ++i) {
      wide each;
      each.number = i;
      std::ranges::fill(each.copies, i);
      ring.push(each);
    }
  });
  std::uint64_t newest = 0, torn = 0, gaps = 0, backwards = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (newest < count && std::chrono::steady_clock::now() < until) {
    const std::vector<wide> got = theirs.copy_last(3);
    for (std::size_t i = 0; i < got.size(); ++i) {
      for (const std::uint64_t copy : got[i].copies) torn += copy != got[i].number;
      if (i > 0) gaps += got[i].number != got[i - 1].number + 1;
    }
    if (got.empty()) continue;
    backwards += got.back().number < newest;
    newest = got.back().number;
  }
  writer.join();
  EXPECT_EQ(newest, count);
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(gaps, 0u);
  EXPECT_EQ(backwards, 0u);
}

}  // namespace shm_array_test
