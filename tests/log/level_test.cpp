#include "tractor/log/level.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tractor::log::level_test {
namespace {

std::string error_of(auto&& body) {
  try {
    body();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(log_level, has_the_published_numbers) {
  EXPECT_EQ(int(level::transport), 5);
  EXPECT_EQ(int(level::debug), 10);
  EXPECT_EQ(int(level::runtime), 15);
  EXPECT_EQ(int(level::devx), 17);
  EXPECT_EQ(int(level::info), 20);
  EXPECT_EQ(int(level::io), 21);
  EXPECT_EQ(int(level::cancel), 22);
  EXPECT_EQ(int(level::warning), 30);
  EXPECT_EQ(int(level::error), 40);
  EXPECT_EQ(int(level::critical), 50);
  EXPECT_EQ(int(level::pdb), 500);
  EXPECT_EQ(default_level, level::error);
}

TEST(log_level, is_read_by_name_in_any_case_and_by_number) {
  for (const auto& name : level_names()) EXPECT_EQ(level_name(parse_level(name)), name);
  EXPECT_EQ(parse_level("cancel"), level::cancel);
  EXPECT_EQ(parse_level("CaNcEl"), level::cancel);
  EXPECT_EQ(parse_level("22"), level::cancel);
  EXPECT_EQ(int(parse_level("23")), 23);
}

TEST(log_level, an_unknown_name_lists_the_known_ones) {
  const std::string text = error_of([] { parse_level("hushed"); });
  EXPECT_EQ(text.substr(0, 44), "no log level 'hushed': use one of transport,");
  EXPECT_NE(text.find(", info, io, cancel, warning, error, "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(", or a number from 1 to 1000")) << text;
  for (const char* bad : {"", "0", "-5", "1001", "22x", " cancel"})
    EXPECT_NE(error_of([&] { parse_level(bad); }), "no error") << bad;
}

TEST(log_level, an_unknown_name_is_shown_escaped) {
  EXPECT_EQ(error_of([] { parse_level("\x1b[2J"); }).substr(0, 22), "no log level '\\x1b[2J'");
}

TEST(log_level, an_added_level_is_known_everywhere) {
  const level chatty = add_level("chatty", 7, colour::blue);
  EXPECT_EQ(int(chatty), 7);
  EXPECT_EQ(level_name(chatty), "CHATTY");
  EXPECT_EQ(level_colour(chatty), colour::blue);
  EXPECT_EQ(parse_level("chatty"), chatty);
  EXPECT_EQ(level_names()[1], "CHATTY") << "levels are listed by their number";
  EXPECT_EQ(add_level("CHATTY", 7, colour::red), chatty);
  EXPECT_EQ(level_colour(chatty), colour::red);
}

TEST(log_level, an_added_level_must_not_take_a_name_or_number_in_use) {
  EXPECT_EQ(error_of([] { add_level("abort", 22); }),
            "cannot add the log level ABORT with number 22: CANCEL has number 22 already");
  EXPECT_EQ(error_of([] { add_level("io", 23); }),
            "cannot add the log level IO with number 23: IO has number 21 already");
  for (const char* bad : {"", "a b", "7up", "x:y", "x,y"})
    EXPECT_NE(error_of([&] { add_level(bad, 601); }), "no error") << bad;
  EXPECT_NE(error_of([] { add_level("zero", 0); }), "no error");
}

TEST(log_level, a_number_without_name_shows_as_number) { EXPECT_EQ(level_name(level(23)), "LEVEL 23"); }

}  // namespace
}  // namespace tractor::log::level_test
