// What is told of a test that hangs: one tree of its processes, with what runs in each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace hang_test {

using namespace tractor;
using namespace tractor::harness;
using namespace tractor::harness::detail;
using namespace std::chrono_literals;
using test::finished_run;
using test::own_folder;
using testing::ContainsRegex;
using testing::HasSubstr;

std::string text_in(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string only_cell() {
  const session& chosen = current_session();
  return chosen.backends.front() + "+" + chosen.transports.front();
}

/// A run of tests that hang, in the first cell.
class hanging {
 public:
  hanging(const std::string& filter, const std::string& scale)
      : run_(command(test::program("tractor_harness_probe"))
                 .arg("--spawn-backend", current_session().backends.front())
                 .arg("--tpt-proto", current_session().transports.front(), "--gtest_filter=" + filter)
                 .arg("-n", "2", "--timeout-scale", scale, "--artifacts", folder_.path + "/kept")
                 .arg("--html", folder_.path + "/all.html")) {}

  const std::string& text() const { return run_.text; }

  /// What is kept of one of them.
  std::string output_of(const std::string& test) const {
    EXPECT_EQ(run_.verdict_of("stuck." + test), "TIMEOUT") << run_.text;
    const std::string name = "stuck." + test + "-" + only_cell() + "/output.txt";
    EXPECT_THAT(text_in(folder_.path + "/all.html"), HasSubstr("<a href=\"kept/" + name + "\">files</a>"));
    return text_in(folder_.path + "/kept/" + name);
  }

 private:
  const own_folder folder_;
  const finished_run run_;
};

/// A process in the tree that is told.
class told_process {
 public:
  /// Takes the first whose line has `title` in it.
  told_process(const std::string& title, const std::string& text) {
    std::istringstream in(text);
    while (std::getline(in, line) && !(line.find(title) != line.npos && line.find(", state ") != line.npos))
      line.clear();
    if (line.empty()) return;
    indent = line.find_first_not_of(' ');
    // Its children stand nearer.
    for (std::string next; std::getline(in, next) && next.find_first_not_of(' ') >= indent + 4;)
      if (!next.empty()) beneath += next.substr(indent + 4) + "\n";
  }

  std::size_t indent = 0;
  std::string line, beneath;
};

void expect_waiting_actor(const told_process& is) {
  EXPECT_THAT(is.line, HasSubstr(", waits in "));
  EXPECT_THAT(is.beneath, testing::StartsWith("open: 0="));
  EXPECT_THAT(is.beneath, HasSubstr("\ntask tree of actor 'kid@"));
  EXPECT_THAT(is.beneath, HasSubstr("stuck::wait_for_nothing at stuck.cpp:"));
  EXPECT_THAT(is.beneath, ContainsRegex("\nthe end of its log:\n  [^\n]* nothing comes\n$"));
}

TEST(hang, shows_each_process_with_its_tasks_and_the_end_of_its_log_beneath) {
  const hanging run("stuck.*_with_an_actor/*", "0.4");
  for (const std::string test : {"waits_with_an_actor", "blocks_with_an_actor"}) {
    SCOPED_TRACE(test);
    const std::string kept = run.output_of(test);
    const told_process root("tractor_harness_probe", kept), kid("_subactor[kid", kept);
    EXPECT_EQ(root.indent, 2u) << kept;
    EXPECT_THAT(root.beneath, HasSubstr("\ntask tree of actor '")) << kept;
    EXPECT_GT(kid.indent, root.indent) << kept;
    expect_waiting_actor(kid);
    EXPECT_EQ(kept.find("task tree of actor 'kid"), kept.rfind("task tree of actor 'kid")) << kept;
  }
  EXPECT_THAT(run.output_of("blocks_with_an_actor"), HasSubstr(", its loop is blocked):\n"));
}

TEST(hang, is_told_in_a_whole_sentence_with_the_tree_beneath) {
  const session& chosen = current_session();
  const finished_run run(command(test::program("tractor_harness_probe"))
                             .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto")
                             .arg(chosen.transports.front(), "--gtest_filter=fault.late/*"));
  const std::string sentence = "TIMEOUT: not done after [0-9.]+ s, and cancelled\n";
  EXPECT_THAT(run.text,
              ContainsRegex(sentence + "Its processes, with the tasks of its actors:\n  [0-9]+, state"));
  EXPECT_THAT(run.text,
              ContainsRegex("\n\\[ TIMEOUT \\] fault.late/[^ ]* \\([0-9]+ ms\\): not done after [0-9.]+ s, "
                            "and cancelled\n"));
}

// The run, too, must leave nothing.
TEST(hang, is_shown_from_outside_when_no_bound_of_the_test_itself_ends_it) {
  const hanging run("stuck.heeds_*", "0.1");
  const std::string deaf = run.output_of("heeds_no_bound");
  const told_process root(" --worker=", deaf), kid("_subactor[kid", deaf);
  EXPECT_GT(kid.indent, root.indent) << deaf;
  expect_waiting_actor(kid);
  EXPECT_THAT(deaf, ContainsRegex("task tree of actor '[^\n]*, its loop is blocked\\):\n")) << deaf;
  EXPECT_THAT(deaf, HasSubstr("SIGINT did not end it, and it was killed.\n"));
  EXPECT_THAT(run.text(), HasSubstr("did not end, and was ended by force"));
  EXPECT_THAT(run.output_of("heeds_nothing_but_sigint"), HasSubstr("SIGINT ended it.\n"));
}

task<> wait_for_nothing() { co_await sleep_forever(); }
task<int> twice(int value) { co_return 2 * value; }

// The rest of the test goes on.
TRACTOR_TEST(bounded_wait, that_is_late_is_an_error_with_the_tree) {
  auto work = [](actor_nursery& nursery) -> task<> {
    portal kid = co_await nursery.start_actor("kid", expose<&wait_for_nothing, &twice>());
    auto late = fail_after_with_dump(300ms, kid.run<&wait_for_nothing>());
    auto error = co_await raises<too_slow_error>(std::move(late));
    const std::string told = error.what();
    EXPECT_THAT(told,
                ContainsRegex("^not done after [0-9.]+ s. Its processes, with the tasks of its actors:\n"));
    EXPECT_THAT(told, HasSubstr("task tree of actor 'kid@"));
    EXPECT_THAT(told, HasSubstr("wait_for_nothing at hang_test.cpp:"));
    const int got = co_await kid.run<&twice>(21);
    CO_ASSERT_EQ(got, 42);
    nursery.cancel();
  };
  co_await open_nursery(work);
}

TRACTOR_TEST(bounded_wait, that_is_in_time_yields_the_value_or_the_error_itself) {
  const int got = co_await fail_after_with_dump(60s, twice(21));
  CO_ASSERT_EQ(got, 42);
  auto bad = fail_after_with_dump(60s, []() -> task<> {
    throw std::domain_error("bare");
    co_return;
  });
  auto error = co_await raises<std::domain_error>(std::move(bad));
  EXPECT_STREQ(error.what(), "bare");
  // What is cancelled from outside is not late.
  const timed<> cut = co_await move_on_after(1ms, fail_after_with_dump(60s, sleep_forever()));
  CO_ASSERT_FALSE(cut);
}

}  // namespace hang_test
