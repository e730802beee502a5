// Errors as people see them: the path of actors, groups as trees, nothing that a terminal obeys.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "tractor/async/exception_group.hpp"
#include "tractor/runtime/errors.hpp"

namespace render_error_test {

using namespace tractor;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

actor_id actor(const std::string& name, int pid = 0) {
  return actor_id(name, "0a1b2c3d-0000-4000-8000-000000000000" + name, pid);
}

// As a peer sends it that is written with this library.
error_record raised(const std::exception& error, const actor_id& where) {
  return detail::box_error(std::make_exception_ptr(std::runtime_error(error.what())), where);
}
error_record raised(const std::string& text, const actor_id& where) {
  return raised(std::runtime_error(text), where);
}
// The same after one more actor has passed it on.
error_record relayed(error_record record, const actor_id& by) {
  return detail::box_error(detail::unbox_error(std::move(record)), by);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(rendered_error, of_one_hop_names_the_actor_and_its_process_once) {
  EXPECT_EQ(raised("index 7", actor("kid", 42)).render(),
            "std::runtime_error: index 7\n"
            "  | raised in 'kid@0a1b2c3d' (pid 42)");
}

TEST(rendered_error, of_several_hops_names_each_in_order) {
  const error_record three =
      relayed(relayed(raised("no brie", actor("leaf", 3)), actor("middle", 2)), actor("top", 1));
  EXPECT_EQ(three.render(),
            "std::runtime_error: no brie\n"
            "  | raised in 'leaf@0a1b2c3d' (pid 3)\n"
            "  | relayed by 'middle@0a1b2c3d'\n"
            "  | relayed by 'top@0a1b2c3d'");
}

TEST(rendered_error, shows_the_text_that_a_peer_in_another_language_made_of_it) {
  error_record record;
  record.src_uid = actor("snake");
  record.relay_path = {actor("snake")};
  record.src_type_str = "ValueError";
  record.message = "boom";
  record.tb_str = "Traceback (most recent call last):\n\tline 3, in main\nValueError: boom\n\n";
  EXPECT_EQ(record.render(),
            "ValueError: boom\n"
            "  | raised in 'snake@0a1b2c3d'\n"
            "  | Traceback (most recent call last):\n"
            "  |     line 3, in main\n"
            "  | ValueError: boom");
}

TEST(rendered_error, of_a_group_is_a_tree_whose_members_have_their_own_paths) {
  error_record group = detail::box_error(
      join_errors("two tasks failed", {std::make_exception_ptr(std::out_of_range("index 7")),
                                       detail::unbox_error(raised("no brie", actor("leaf", 3)))}),
      actor("middle", 2));
  group = relayed(std::move(group), actor("top", 1));
  // What was raised where the group was made has no path of its own.
  EXPECT_EQ(group.render(),
            "ExceptionGroup: two tasks failed (2 errors)\n"
            "  | raised in 'middle@0a1b2c3d' (pid 2)\n"
            "  | relayed by 'top@0a1b2c3d'\n"
            "  +-- std::out_of_range: index 7\n"
            "  +-- std::runtime_error: no brie\n"
            "        | raised in 'leaf@0a1b2c3d' (pid 3)\n"
            "        | relayed by 'middle@0a1b2c3d'");
}

TEST(rendered_error, of_groups_in_groups_keeps_the_lines_of_the_tree_apart) {
  const auto local = [](const char* text) { return std::make_exception_ptr(std::runtime_error(text)); };
  const std::exception_ptr remote = detail::unbox_error(raised("far", actor("leaf", 3)));
  const std::exception_ptr inner = join_errors("inner", {remote, local("near")});
  EXPECT_EQ(render_error(join_errors("outer", {inner, local("last")})),
            "exception_group: outer (2 errors)\n"
            "  +-- exception_group: inner (2 errors)\n"
            "  |     +-- std::runtime_error: far\n"
            "  |     |     | raised in 'leaf@0a1b2c3d' (pid 3)\n"
            "  |     +-- std::runtime_error: near\n"
            "  +-- std::runtime_error: last");
}

TEST(rendered_error, of_this_process_is_its_type_and_text_line_by_line) {
  EXPECT_EQ(render_error(std::make_exception_ptr(std::runtime_error("first\nsecond\n\nfourth\n"))),
            "std::runtime_error: first\n"
            "  | second\n"
            "  | \n"
            "  | fourth");
  EXPECT_EQ(render_error(std::make_exception_ptr(42)), "int");
  EXPECT_EQ(render_error(nullptr), "no error");
}

TEST(rendered_error, has_the_causes_of_an_error_also_in_another_process) {
  std::exception_ptr error;
  try {
    try {
      throw std::logic_error("cause");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("effect"));
    }
  } catch (...) {
    error = std::current_exception();
  }
  EXPECT_EQ(render_error(error), "std::runtime_error: effect\n  | caused by std::logic_error: cause");
  const error_record record = detail::box_error(error, actor("kid", 42));
  EXPECT_EQ(record.src_type_str, "std::runtime_error");
  EXPECT_THAT(record.render(),
              HasSubstr("std::runtime_error: effect\n  | caused by std::logic_error: cause\n"));
}

TEST(rendered_error, of_a_cancel_says_who_asked_on_whose_behalf_and_why_unless_the_text_does) {
  error_record record;
  record.src_uid = actor("kid");
  record.relay_path = {actor("kid")};
  record.src_type_str = "ContextCancelled";
  record.canceller = actor("boss");
  record.originator = actor("owner");
  record.reason = "enough of it";
  EXPECT_EQ(record.render(),
            "ContextCancelled\n"
            "  | raised in 'kid@0a1b2c3d'\n"
            "  | cancelled by 'boss@0a1b2c3d'\n"
            "  | on behalf of 'owner@0a1b2c3d'\n"
            "  | because: enough of it");
  record.message = "work was cancelled by 'boss@0a1b2c3d': enough of it";
  record.originator = record.canceller;
  EXPECT_EQ(record.render(),
            "ContextCancelled: work was cancelled by 'boss@0a1b2c3d': enough of it\n"
            "  | raised in 'kid@0a1b2c3d'");
}

TEST(rendered_error, of_an_empty_record_says_that_there_is_nothing) {
  EXPECT_EQ(error_record().render(), "<unknown>: an error that says nothing");
  error_record untyped;
  untyped.message = "of no kind";
  EXPECT_EQ(untyped.render(), "<unknown>: of no kind");
}

TEST(rendered_error, holds_nothing_that_a_terminal_obeys) {
  error_record record = raised("\x1b[2J\x07gone\rover \xc2\x9b \xe2\x80\xae end", actor("\x1b]0;title", 1));
  record.tb_str = "not \x08 ours\x7f";
  record.group.push_back(raised("\x1bmember", actor("kid", 2)));
  const std::string text = record.render();
  EXPECT_THAT(text, HasSubstr("\\x1b[2J\\x07gone\\x0dover \\xc2\\x9b"));
  EXPECT_THAT(text, HasSubstr("raised in '\\x1b]0;title@"));
  EXPECT_THAT(text, HasSubstr("not \\x08 ours\\x7f"));
  EXPECT_THAT(text, HasSubstr("\\x1bmember"));
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << text;
}

TEST(rendered_error, with_a_width_breaks_long_lines_between_words_and_loses_none) {
  std::string message;
  for (int i = 0; i < 60; ++i) message += (i ? " w" : "w") + std::to_string(i);
  const std::string text = relayed(raised(message, actor("kid", 42)), actor("top")).render(50);
  std::string joined;
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(columns(line), 50u) << line;
    joined += " " + line.substr(line.find_first_not_of(" |"));
  }
  EXPECT_THAT(joined, HasSubstr(message));
  // Without one there is a line for each thing to say.
  EXPECT_EQ(lines_of(relayed(raised(message, actor("kid", 42)), actor("top")).render()).size(), 3u);
}

TEST(rendered_error, with_a_width_breaks_words_that_are_too_long_and_no_character) {
  std::string message;
  for (int i = 0; i < 100; ++i) message += "\xc3\xa4";  // two bytes, one column
  const std::vector<std::string> lines = lines_of(raised(message, actor("kid", 42)).render(40));
  std::string found;
  for (const std::string& line : lines) {
    EXPECT_LE(columns(line), 40u) << line;
    EXPECT_THAT(line, Not(HasSubstr("\\x")));
    for (std::size_t at = 0; (at = line.find("\xc3\xa4", at)) != line.npos; at += 2) found += "\xc3\xa4";
  }
  EXPECT_EQ(found, message);
}

TEST(rendered_error, of_a_narrow_terminal_or_a_deep_tree_has_room_for_some_text_in_each_line) {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("the one at the bottom of it all"));
  for (int depth = 0; depth < 10; ++depth)
    error = join_errors("level", {error, std::make_exception_ptr(std::runtime_error("beside"))});
  std::string together;
  for (const std::string& line : lines_of(render_error(error, 1)))
    together += line.substr(std::min(line.find_first_not_of(" |+-"), line.size())) + " ";
  EXPECT_THAT(together, HasSubstr("the one at the bottom of it all"));
}

// What a hostile or a careless peer may send: the text is as long as what it says, and made in no time.
TEST(rendered_error, of_a_very_long_text_is_made_line_by_line) {
  const std::string text = raised(std::string(1'000'000, 'x'), actor("kid", 1)).render(80);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, 'x')), 1'000'000u);
  std::vector<std::size_t> widths;
  for (const std::string& line : lines_of(text)) widths.push_back(columns(line));
  EXPECT_THAT(widths, Each(::testing::Le(80u)));
}

}  // namespace render_error_test
