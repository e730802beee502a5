// Which tests a run leaves: -k, --lf, -x; and what it says of their time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <tractor/harness/harness.hpp>
#include <tractor/plugin/settings_error.hpp>

#include "failed_tests.hpp"
#include "name_expression.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace selection_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tractor::harness::detail::failed_tests;
using tractor::harness::detail::filter_selects;
using tractor::harness::detail::name_expression;
using tractor::harness::test::own_folder;

std::string error_of(const std::string& expression) {
  try {
    name_expression{expression};
  } catch (const tractor::settings_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string first_cell() {
  const session& chosen = current_session();
  return chosen.backends.front() + "+" + chosen.transports.front();
}

/// A copy of the probe, so that its file of failed tests is nobody else's.
class own_probe {
 public:
  own_probe() : program_(folder_.path + "/probe") {
    std::filesystem::copy_file(test::program("tractor_harness_probe"), program_);
  }

  /// Runs it in one cell; yields all that it wrote.
  template <class... Words> std::string run(const std::string& filter, const Words&... words) {
    const session& chosen = current_session();
    subprocess probe(
        command(program_)
            .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
            .arg("--gtest_filter=" + filter, words...));
    const auto status = probe.wait(60s);
    code = status ? status->code().value_or(-1) : -2;
    return probe.out() + probe.err();
  }
  void remember(const std::set<std::string>& failed) const {
    failed_tests(program_ + ".failed").update({}, failed);
  }
  bool keeps_failures() const { return std::filesystem::exists(program_ + ".failed"); }
  int code = 0;

 private:
  own_folder folder_;
  std::string program_;
};

TEST(name_expression, a_word_stands_for_each_name_that_holds_it) {
  EXPECT_TRUE(name_expression("kill").matches("killing.of_a_leaf/trio_like+uds"));
  EXPECT_TRUE(name_expression("UDS").matches("killing.of_a_leaf/trio_like+uds"));
  EXPECT_FALSE(name_expression("tcp").matches("killing.of_a_leaf/trio_like+uds"));
}

TEST(name_expression, not_binds_closer_than_and_and_that_closer_than_or) {
  const name_expression all("a and b or not c and d");
  EXPECT_TRUE(all.matches("ab"));
  EXPECT_TRUE(all.matches("d"));
  EXPECT_FALSE(all.matches("a"));
  EXPECT_FALSE(all.matches("cd"));
  const name_expression grouped("a and (b or not (c or d))");
  EXPECT_TRUE(grouped.matches("ab"));
  EXPECT_TRUE(grouped.matches("a"));
  EXPECT_FALSE(grouped.matches("ac"));
}

TEST(name_expression, one_that_cannot_be_read_says_why) {
  EXPECT_THAT(error_of(""), HasSubstr("-k '': it ends where a word should stand"));
  EXPECT_THAT(error_of("a and"), HasSubstr("it ends where a word should stand"));
  EXPECT_THAT(error_of("or a"), HasSubstr("'or' stands where a word should"));
  EXPECT_THAT(error_of("(a"), HasSubstr("a bracket is not closed"));
  EXPECT_THAT(error_of("a b"), HasSubstr("'b' is one too many"));
  EXPECT_THAT(error_of("a)"), HasSubstr("')' is one too many"));
}

TEST(filter, selects_as_google_test_does) {
  EXPECT_TRUE(filter_selects("*", "a.b/c+d"));
  EXPECT_TRUE(filter_selects("", "a.b"));
  EXPECT_TRUE(filter_selects("x:a.*", "a.b"));
  EXPECT_TRUE(filter_selects("a.?", "a.b"));
  EXPECT_FALSE(filter_selects("a.?", "a.bc"));
  EXPECT_TRUE(filter_selects("*b*d", "a.b/c+d"));
  EXPECT_FALSE(filter_selects("*b*d", "a.b/c+d/e"));
  EXPECT_FALSE(filter_selects("a.*-*.b", "a.b"));
  EXPECT_TRUE(filter_selects("-*.c", "a.b"));
}

TEST(failed_tests, are_kept_until_they_pass) {
  const own_folder folder;
  const failed_tests kept(folder.path + "/x.failed");
  EXPECT_THAT(kept.names(), IsEmpty());
  kept.update({"a.one"}, {"a.two", "a.three"});
  kept.update({"a.three"}, {"b.four"});
  EXPECT_THAT(kept.names(), ElementsAre("a.two", "b.four"));
  kept.update({"a.two", "b.four"}, {});
  EXPECT_FALSE(std::filesystem::exists(kept.path()));
}

TEST(selection, a_failed_test_prints_the_command_that_runs_it_again) {
  own_probe probe;
  ::setenv("TRACTOR_TEST_OF_REPLAY", "it's set", 1);
  for (const char* isolation : {"none", "process"}) {
    const std::string text = probe.run("fault.assertion/*:fault.none/*", "--seed=77", "--isolate", isolation,
                                       "--timeout-scale", "2.5", "--ll", "cancel", "--debug-mode");
    const auto at = text.find("replay: ");
    ASSERT_NE(at, text.npos) << text;
    EXPECT_EQ(text.find("replay: ", at + 1), text.npos) << "what passed needs none: " << text;
    const std::string line = text.substr(at + 8, text.find('\n', at) - at - 8);
    EXPECT_THAT(line, HasSubstr("TRACTOR_TEST_OF_REPLAY='it'\\''s set' "));
    EXPECT_THAT(line, HasSubstr(" --seed=77 --gtest_filter=fault.assertion/"));
    EXPECT_THAT(line, HasSubstr(std::string(" --isolate=") + isolation +
                                " --timeout-scale=2.5 --ll=CANCEL --debug-mode "));
    subprocess again(command("/bin/sh").arg("-c", "exec env " + line));
    const auto status = again.wait(60s);
    EXPECT_EQ(status ? status->code() : -1, 1) << again.out() << again.err();
    EXPECT_THAT(again.out(), testing::ContainsRegex("FAIL.* \\] fault.assertion/"));
  }
  ::unsetenv("TRACTOR_TEST_OF_REPLAY");
}

TEST(selection, x_ends_a_run_at_its_first_failure) {
  own_probe probe;
  const std::string text = probe.run("fault.fd/*:fault.thread/*:fault.none/*", "-x", "--isolate", "none");
  EXPECT_EQ(probe.code, 1) << text;
  EXPECT_THAT(text, HasSubstr("[  FAILED  ] 1 test"));
  EXPECT_THAT(text, Not(HasSubstr("LEAK: thread")));
}

TEST(selection, lf_repeats_what_failed_until_it_passes) {
  own_probe probe;
  std::string text = probe.run("fault.none/*:fault.fd/*:fault_of_a_plain_test.fd", "--isolate", "none");
  EXPECT_THAT(text, HasSubstr("[==========] 3 tests"));
  EXPECT_TRUE(probe.keeps_failures());
  text = probe.run("*", "--lf", "--isolate", "none");
  EXPECT_EQ(probe.code, 1);
  EXPECT_THAT(text, HasSubstr("[==========] 2 tests"));
  EXPECT_THAT(text, HasSubstr("[  FAILED  ] 2 tests"));
  text = probe.run("*", "--lf", "-x", "--isolate", "none");
  EXPECT_EQ(probe.code, 1);
  EXPECT_THAT(text, HasSubstr("[  FAILED  ] 1 test"));
}

TEST(selection, lf_forgets_a_test_that_is_gone_and_one_that_is_skipped_now) {
  own_probe probe;
  probe.remember({"fault.was_renamed/fork_spawn+tcp", "gone.altogether", "fault.skipped/" + first_cell()});
  std::string text = probe.run("fault.skipped/*:fault.none/*", "--lf");
  EXPECT_EQ(probe.code, 0) << text;
  EXPECT_THAT(text,
              HasSubstr("--lf: no longer a test of this program: fault.was_renamed/fork_spawn+tcp and 1 "
                        "more\n"));
  EXPECT_THAT(text, HasSubstr("\n0 passed, 0 failed, 1 skipped\n"));
  EXPECT_FALSE(probe.keeps_failures());
}

TEST(selection, lf_runs_all_when_nothing_has_failed) {
  own_probe probe;
  const std::string text = probe.run("fault.none/*", "--lf", "--durations", "3");
  EXPECT_EQ(probe.code, 0) << text;
  EXPECT_THAT(text, HasSubstr("--lf: no test failed when it was last run, so all are run"));
  EXPECT_THAT(text, HasSubstr("slowest tests:"));
  EXPECT_FALSE(probe.keeps_failures());
}

TEST(selection, ff_begins_with_what_failed) {
  own_probe probe;
  probe.run("fault.assertion/*");
  const std::string said = probe.run("fault.none/*:fault.assertion/*", "--ff");
  EXPECT_LT(said.find("] fault.assertion/"), said.find("] fault.none/")) << said;
  EXPECT_THAT(probe.run("fault.none/*", "--ff", "--isolate", "none"),
              HasSubstr("--ff is for a run with a process for each test: leave out --isolate none"));
}

TEST(selection, k_takes_labels_too) {
  own_probe probe;
  const std::string text = probe.run("marked.*", "-k", "QUICK and not nothing", "-s");
  EXPECT_EQ(probe.code, 0) << text;
  EXPECT_THAT(text, HasSubstr(" marked.not_on_uds/"));
  EXPECT_THAT(text, HasSubstr("[==========] 1 test from"));
}

TEST(selection, k_narrows_what_the_filter_matches) {
  own_probe probe;
  std::string text = probe.run("fault.n*", "-k", "NONE or nothing", "-s");
  EXPECT_EQ(probe.code, 0) << text;
  EXPECT_THAT(text, HasSubstr("[==========] 1 test from"));
  text = probe.run("fault.n*", "-k", "thread");
  EXPECT_EQ(probe.code, 4);
  EXPECT_THAT(text,
              HasSubstr("no test was selected: -k and --lf leave none of those that the filter matches"));
  text = probe.run("*", "-k", "thread and");
  EXPECT_EQ(probe.code, 2);
  EXPECT_THAT(text, HasSubstr("-k 'thread and': it ends where a word should stand"));
}

}  // namespace selection_test
