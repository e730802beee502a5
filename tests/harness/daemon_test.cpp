// A second program beside a test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "finished_run.hpp"
#include "program.hpp"

namespace daemon_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using test::finished_run;
using testing::HasSubstr;

task<int> twice(int value) { co_return 2 * value; }
task<> archive() { co_await sleep_forever(); }
using archive_daemon = daemon_of<&archive, &twice>;

TRACTOR_TEST(daemon, is_the_registrar_of_the_test_and_serves_it, (reg_addr where, archive_daemon& beside)) {
  CO_ASSERT_EQ(beside.address(), where.text());
  CO_ASSERT_FALSE(current_actor().is_registrar());
  portal other = co_await wait_for_actor("archive");
  CO_ASSERT_EQ(co_await other.run<&twice>(21), 42);
}

task<> with_children() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.start_actor("shelf", expose<&twice>());
    co_await sleep_forever();
  });
}

TRACTOR_TEST(daemon, may_have_a_tree_of_its_own, (daemon_of<&with_children>&)) {
  portal shelf = co_await fail_after(10s, wait_for_actor("shelf"));
  CO_ASSERT_EQ(co_await shelf.run<&twice>(4), 8);
}

TRACTOR_TEST(daemon, that_is_killed_is_an_error_that_names_it, (archive_daemon & beside)) {
  portal other = co_await wait_for_actor("archive");
  beside.signal(SIGKILL);
  std::string said;
  try {
    // Calls fail once the connection is seen to be gone.
    for (;;) co_await other.run<&twice>(1);
  } catch (const transport_closed& error) {
    said = error.what();
  }
  CO_ASSERT_NE(said.find("archive"), said.npos);
  CO_ASSERT_TRUE(beside.wait(5s).has_value());
}

TRACTOR_CELL_TEST(daemon, that_ends_under_a_test_fails_it, (start_method how, tpt_proto via)) {
  const finished_run run(command(test::program("tractor_harness_probe"))
                             .arg("--spawn-backend", how.key(), "--tpt-proto", via.key())
                             .arg("--gtest_filter=beside.*"));
  EXPECT_EQ(run.verdict_of("beside.a_daemon_that_dies/"), "FAIL") << run.text;
  EXPECT_THAT(run.text, HasSubstr("the daemon 'dies_at_once' ended under the test: exit code 1"));
  EXPECT_THAT(run.text, HasSubstr("no more strength"));
}

}  // namespace daemon_test
