#include "log/tail.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tractor::log::tail_test {
namespace {

using detail::copy_tail;
using detail::forget_tail;
using detail::keep_in_tail;

class log_tail : public testing::Test {
 protected:
  log_tail() { forget_tail(); }
  ~log_tail() override { forget_tail(); }

  static std::string tail(std::size_t room = 8192) {
    std::string out(room, '?');
    out.resize(copy_tail(out.data(), room));
    return out;
  }
};

TEST_F(log_tail, is_empty_before_the_first_line) { EXPECT_EQ(tail(), ""); }

TEST_F(log_tail, has_all_lines_while_they_are_few) {
  keep_in_tail("one\n");
  keep_in_tail("two\n");
  EXPECT_EQ(tail(), "one\ntwo\n");
}

TEST_F(log_tail, has_the_last_lines_and_no_part_of_one) {
  for (int i = 0; i < 2000; ++i) keep_in_tail("line " + std::to_string(i) + "\n");
  const std::string now = tail();
  EXPECT_TRUE(now.starts_with("line ")) << now;
  EXPECT_TRUE(now.ends_with("\nline 1999\n")) << now;
  EXPECT_GT(now.size(), 4096u - 10);
  EXPECT_LE(now.size(), 4096u);
}

TEST_F(log_tail, gives_the_last_lines_for_which_there_is_room) {
  for (const char* const line : {"one\n", "two\n", "three\n"}) keep_in_tail(line);
  EXPECT_EQ(tail(12), "two\nthree\n");
  EXPECT_EQ(tail(5), "");
  EXPECT_EQ(tail(0), "");
}

TEST_F(log_tail, leaves_a_line_out_that_is_longer_than_itself) {
  keep_in_tail("short\n");
  keep_in_tail(std::string(10000, 'x') + "\n");
  EXPECT_EQ(tail(), "");
  keep_in_tail("after\n");
  EXPECT_EQ(tail(), "after\n");
}

}  // namespace
}  // namespace tractor::log::tail_test
