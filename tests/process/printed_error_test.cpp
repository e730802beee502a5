// The error that ends a program, as its user sees it.
#include <gmock/gmock.h>

#include <sstream>

#include "program.hpp"

namespace printed_error_test {

using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TRACTOR_CELL_TEST(printed_error, names_each_actor_on_its_way_and_steers_no_terminal,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("fails", method, proto, addr));
  const auto status = run.wait(roomy(10s));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), 1);
  EXPECT_THAT(run.err(),
              MatchesRegex("tractor: std::runtime_error: there is \\\\x1b\\[2J no brie, and no cheddar "
                           "either, nor anything else that goes with bread\n"
                           "  \\| no bread\n"
                           "  \\| raised in 'level1@[0-9a-f]+' \\(pid [0-9]+\\)\n"
                           "  \\| relayed by 'level2@[0-9a-f]+'\n"));
}

TRACTOR_CELL_TEST(printed_error, is_as_wide_as_its_terminal_and_red_unless_told_otherwise,
                  (start_method method, tpt_proto proto, reg_addr addr, pty_session& terminal)) {
  for (const bool colour : {true, false}) {
    command line = program("fails", method, proto, addr);
    line.env("TERM", "xterm").env("NO_COLOR", colour ? "" : "1");
    terminal.raw().start(line, 50, 24);
    EXPECT_EQ(terminal.wait(roomy(10s)).code(), 1);
    const std::string shown = terminal.transcript();
    const std::string head = "tractor: std::runtime_error: there is \\x1b[2J";
    EXPECT_THAT(shown, HasSubstr((colour ? "\x1b[31m" : "") + head));
    EXPECT_THAT(shown, HasSubstr(std::string("goes with bread") + (colour ? "\x1b[0m" : "") +
                                 "\r\n  | no bread\r\n"));
    EXPECT_THAT(shown, Not(HasSubstr("\x1b[2J")));
    std::istringstream lines(shown);
    for (std::string each; std::getline(lines, each);) {
      if (each.starts_with("\x1b[31m")) each.erase(0, 5);
      EXPECT_LE(each.substr(0, each.find_first_of("\x1b\r")).size(), 50u) << each;
    }
  }
}

}  // namespace printed_error_test
