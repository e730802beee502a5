#include "tractor/log/spec.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "captured_log.hpp"

namespace tractor::log::spec_test {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_spec(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(log_spec, a_bare_level_is_for_all) {
  const spec it = parse_spec("cancel");
  EXPECT_EQ(it.all, level::cancel);
  EXPECT_TRUE(it.each.empty());
}

TEST(log_spec, parts_name_subsystem_and_level) {
  const spec it = parse_spec("devx:runtime, trionics:cancel");
  EXPECT_FALSE(it.all);
  ASSERT_EQ(it.each.size(), 2u);
  EXPECT_EQ(it.each[0], std::pair(std::string("devx"), level::runtime));
  EXPECT_EQ(it.each[1], std::pair(std::string("async"), level::cancel))
      << "trionics is another name of async";
}

TEST(log_spec, every_subsystem_is_known) {
  for (const char* name : {"async", "log", "msg", "plugin", "ipc", "runtime", "discovery", "devx", "spawn",
                           "transport", "harness"})
    EXPECT_EQ(parse_spec(std::string(name) + ":info").each.at(0).first, name);
}

TEST(log_spec, a_level_beside_parts_is_an_error_that_names_it) {
  EXPECT_EQ(
      error_of("devx:runtime,cancel"),
      "bad log spec 'devx:runtime,cancel': in part 'cancel' there is no subsystem: a spec is one level, or "
      "<subsystem>:<level> parts, never both");
}

TEST(log_spec, an_unknown_subsystem_lists_the_known_ones) {
  const std::string text = error_of("devx:info,devz:info");
  EXPECT_EQ(text.substr(0, 75),
            "bad log spec 'devx:info,devz:info': in part 'devz:info' no subsystem 'devz'");
  EXPECT_NE(text.find("async, devx, discovery"), std::string::npos) << text;
}

TEST(log_spec, an_unknown_level_names_part_and_levels) {
  const std::string text = error_of("ipc:hushed");
  EXPECT_NE(text.find("in part 'ipc:hushed' no log level 'hushed': use one of transport,"), std::string::npos)
      << text;
}

TEST(log_spec, broken_texts_are_errors) {
  for (const char* bad :
       {"", ",", ":", "ipc:", ":info", "ipc:info,", "ipc:info,,msg:info", "ipc", "ipc:info:x"})
    EXPECT_NE(error_of(bad), "no error") << bad;
  EXPECT_EQ(error_of("ipc"),
            "bad log spec 'ipc': in part 'ipc' the subsystem has no level: write ipc:<level>");
}

TEST(log_spec, applies_to_the_named_subsystems_only) {
  const test::captured_log kept;
  set_general_level(level::error);
  apply(parse_spec("devx:runtime,trionics:cancel"));
  EXPECT_EQ(subsystem::devx.threshold(), level::runtime);
  EXPECT_EQ(subsystem::async.threshold(), level::cancel);
  EXPECT_EQ(subsystem::ipc.threshold(), level::error);
  set_general_level(level::info);
  EXPECT_EQ(subsystem::ipc.threshold(), level::info);
  EXPECT_EQ(subsystem::devx.threshold(), level::runtime) << "a single level is stronger than the general one";
  EXPECT_EQ(single_levels(), "async:22,devx:15");
}

TEST(log_spec, a_bare_level_forgets_the_single_ones) {
  const test::captured_log kept;
  apply(parse_spec("devx:runtime"));
  apply(parse_spec("warning"));
  EXPECT_EQ(subsystem::devx.threshold(), level::warning);
  EXPECT_EQ(general_level(), level::warning);
  EXPECT_EQ(single_levels(), "");
}

TEST(log_spec, what_a_parent_hands_on_gives_the_child_the_same_levels) {
  const test::captured_log kept;
  apply(parse_spec("warning"));
  apply(parse_spec("ipc:transport,spawn:pdb"));
  const std::string handed_on = single_levels();
  apply(parse_spec("error"));
  apply(parse_spec(handed_on));
  EXPECT_EQ(subsystem::ipc.threshold(), level::transport);
  EXPECT_EQ(subsystem::spawn.threshold(), level::pdb);
}

TEST(log_spec, a_logger_made_later_starts_at_the_general_level) {
  const test::captured_log kept;
  set_general_level(level::io);
  EXPECT_EQ(get("made-later").threshold(), level::io);
  EXPECT_EQ(parse_spec("made-later:debug").each.at(0).first, "made-later");
}

}  // namespace
}  // namespace tractor::log::spec_test
