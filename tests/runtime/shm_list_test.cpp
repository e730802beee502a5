// Lists in shared memory, and the text that may lie in them.
#include "tractor/runtime/shm_list.hpp"

#include <gmock/gmock.h>

#include "shm_support.hpp"
#include "tractor/runtime/shm_array.hpp"
#include "tractor/runtime/shm_text.hpp"

namespace shm_list_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using name = shm_text<20>;

static_assert(shm_element<name> && !std::is_copy_constructible_v<shm_list<int>>);

TEST(shm_list, has_a_fixed_number_of_elements_that_can_be_replaced) {
  auto mine = open_shm_list<int>(5, 7);
  const auto theirs = attach_shm_list<int>(mine.token());
  EXPECT_EQ(theirs.size(), 5u);
  EXPECT_THAT(theirs.view(), Each(7));
  mine.set(1, 10);
  mine.set(4, 40);
  EXPECT_EQ(theirs[1], 10);
  EXPECT_THAT(theirs.slice(1, 5), ElementsAre(10, 7, 7, 40));
  EXPECT_TRUE(theirs.slice(5, 5).empty());
  EXPECT_EQ(open_shm_list<int>().size(), 1024u);
  EXPECT_THAT(open_shm_list<int>(std::vector{1, 2, 3}).view(), ElementsAre(1, 2, 3));
}

TEST(shm_list, refuses_what_is_beyond_its_end) {
  auto list = open_shm_list<int>(3);
  EXPECT_THAT(thrown_by<shm_error>([&] { static_cast<void>(list[3]); }), HasSubstr("list of 3 int32"));
  thrown_by<shm_error>([&] { list.set(3, 1); });
  thrown_by<shm_error>([&] { static_cast<void>(list.slice(2, 4)); });
  thrown_by<shm_error>([&] { static_cast<void>(list.slice(2, 1)); });
  thrown_by<shm_error>([&] { static_cast<void>(list.slice(0, std::size_t(-1))); });
  thrown_by<shm_error>([&] { open_shm_list<int>(0); });
}

TEST(shm_list, is_read_only_elsewhere_unless_told_otherwise) {
  const auto mine = open_shm_list<double>(3, 0.5);
  auto reader = attach_shm_list<double>(mine.token());
  thrown_by<shm_error>([&] { reader.set(0, 1); });
  thrown_by<shm_error>([&] { reader.edit(); });
  auto writer = attach_shm_list<double>(mine.token(), shm_access::read_write);
  writer.set(0, 1);
  writer.edit(1, 3)[1] = 2;
  EXPECT_THAT(mine.view(), ElementsAre(1, 0.5, 2));
}

TEST(shm_list, holds_text) {
  auto mine = open_shm_list<name>(2, "nobody");
  mine.set(1, "zed");
  const auto theirs = attach_shm_list<name>(mine.token());
  EXPECT_EQ(theirs[0], name("nobody"));
  EXPECT_EQ(theirs[1].view(), "zed");
}

TEST(shm_list, is_no_array) {
  const auto list = open_shm_list<int>(3);
  const auto array = open_shm_array<int>(3);
  EXPECT_THAT(thrown_by<shm_mismatch>([&] { attach_shm_array<int>(list.token()); }),
              HasSubstr("is a list of 3 int32"));
  EXPECT_THAT(thrown_by<shm_mismatch>([&] { attach_shm_list<int>(array.token()); }),
              HasSubstr("not a list of int32"));
}

TEST(shm_text, holds_no_more_than_fits) {
  EXPECT_EQ(name(std::string(20, 'x')).size(), 20u);
  EXPECT_THAT(thrown_by<std::length_error>([] { name text(std::string(21, 'x')); }), HasSubstr("21 bytes"));
  EXPECT_TRUE(name().empty());
  EXPECT_LT(name("ann"), name("bob"));
}

}  // namespace shm_list_test
