// Programs that are driven over a terminal of their own.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/plugin/registry.hpp>

#include "../process/program.hpp"
#include "terminal_text.hpp"

namespace pty_session_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

command shell(const std::string& script) { return command("sh").arg("-c", script); }

TRACTOR_CELL_TEST(pty_session, types_what_a_person_would_and_sees_the_answer, (pty_session & terminal)) {
  terminal.start(shell("printf 'name? '; read name; echo \"hello $name\""));
  terminal.expect("name? ");
  terminal.send_line("world");
  EXPECT_EQ(terminal.expect("hello world\n"), "world\n");
  EXPECT_TRUE(terminal.wait().ok());
  EXPECT_EQ(terminal.transcript(), "name? world\nhello world\n");
}

TRACTOR_CELL_TEST(pty_session, yields_the_first_place_of_any_pattern_and_goes_on_behind_it,
                  (pty_session & terminal)) {
  terminal.start(shell("echo one two three"));
  const pty_match match =
      terminal.expect({"three", pty_pattern(std::regex("t[a-z]o"), "t[a-z]o"), "nothing"});
  EXPECT_EQ(match.index, 1u);
  EXPECT_EQ(match.before, "one ");
  EXPECT_EQ(match.text, "two");
  EXPECT_EQ(terminal.expect("three"), " ");
}

TRACTOR_CELL_TEST(pty_session, is_the_controlling_terminal_which_passes_on_control_c,
                  (pty_session & terminal)) {
  terminal.start(shell("echo to the terminal >/dev/tty; ps -o sid= -p $$; echo sid"));
  terminal.expect("to the terminal\n");
  const std::string session = terminal.expect("sid");
  EXPECT_EQ(std::atoi(session.c_str()), terminal.program().pid());
  terminal.start(command("cat"));
  // The first is the terminal's echo, the second its own.
  terminal.send_line("x");
  terminal.expect("x\nx\n");
  terminal.send_control('c');
  EXPECT_EQ(terminal.wait().signal(), SIGINT);
}

TRACTOR_CELL_TEST(pty_session, has_a_window_whose_change_is_heard_of, (pty_session & terminal)) {
  terminal.start(shell("trap 'stty size; exit' WINCH; stty size; while :; do read x; done"), 100, 30);
  terminal.expect("30 100\n");
  terminal.resize(120, 40);
  terminal.expect("40 120\n");
}

TRACTOR_CELL_TEST(pty_session, takes_out_what_steers_a_terminal_unless_told_otherwise,
                  (pty_session & terminal)) {
  const std::string script = R"(printf '\033[1;31mred\033[0m \033]0;title\007\033(Bplain\n')";
  terminal.start(shell(script));
  terminal.expect("red plain\n");
  terminal.wait();
  terminal.raw().start(shell(script));
  terminal.expect("\x1b[1;31mred");
}

TRACTOR_CELL_TEST(pty_session, says_what_came_instead_when_the_bound_passes_or_the_program_ends,
                  (pty_session & terminal)) {
  terminal.start(shell("echo something else; read x"));
  try {
    terminal.expect("what is wanted", 100ms);
    ADD_FAILURE() << "a match";
  } catch (const pty_timeout& late) {
    EXPECT_THAT(late.what(), HasSubstr("no 'what is wanted' in time"));
    EXPECT_THAT(late.what(), HasSubstr("something else"));
  }
  terminal.send_line("");
  EXPECT_THROW(terminal.expect("what is wanted"), pty_closed);
  EXPECT_TRUE(terminal.wait().ok());
}

TRACTOR_CELL_TEST(pty_session, ends_a_program_that_ignores_the_end_of_its_terminal,
                  (pty_session & terminal)) {
  terminal.start(shell("trap '' HUP INT TERM; sleep 60 & echo up; wait; sleep 60"));
  terminal.expect("up");
}

TRACTOR_CELL_TEST(pty_session, takes_more_than_a_line_of_input_and_a_flood_of_output,
                  (pty_session & terminal)) {
  terminal.start(shell("stty -echo -icanon; echo ready; head -c 100000 | wc -c; seq 100000"));
  terminal.expect("ready\n");
  terminal.send(std::string(100000, 'x'));
  terminal.expect("100000\n");
  terminal.expect("\n100000\n", 30s);
}

// Ctrl-C goes to every process of the foreground: each actor of the tree has it, and the root ends them in
// order.
TRACTOR_CELL_TEST(pty_session, ends_a_whole_tree_of_actors_by_control_c,
                  (start_method method, tpt_proto proto, reg_addr registry, pty_session& terminal)) {
  terminal.start(process_tests::program("tree", method, proto, registry));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    terminal.expect(pty_pattern(std::regex("leaf t[ab][ab] is up"), "leaf … is up"), 20s);
  const auto actors = terminal.program().descendants();
  EXPECT_GE(actors.size(), 6u);
  terminal.send_control('c');
  EXPECT_EQ(terminal.wait(20s).code(), 130) << terminal.transcript();
  EXPECT_TRUE(process_tests::all_gone(actors, process_tests::roomy(5s)));
}

TEST(terminal_text, keeps_what_is_no_sequence_and_drops_what_is_not_complete) {
  using detail::plain_text;
  EXPECT_EQ(plain_text("a\r\nb\rc"), "a\nb\rc");
  EXPECT_EQ(plain_text("a\x1b[31"), "a");
  EXPECT_EQ(plain_text("a\x1b]0;title\x1b\\b"), "ab");
  EXPECT_EQ(plain_text("a\x1b"
                       "7b\x1b"),
            "ab");
  EXPECT_EQ(plain_text("a\r"), "a");
}

}  // namespace pty_session_test
