// What the runner says of tests with faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <tractor/harness/harness.hpp>

#include "joined.hpp"
#include "program.hpp"

namespace verdict_test {

using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

namespace {

/// What a run of the probe came to.
class verdict {
 public:
  explicit verdict(command what) {
    subprocess run(what);
    const auto status = run.wait(60s);
    code = status ? status->code().value_or(-1) : -2;
    text = run.out() + run.err();
  }
  int code = 0;
  std::string text;
};

command probe() { return command(test::program("tractor_harness_probe")).arg("--isolate", "none"); }

command one_cell(const cell& where) {
  return probe().arg("--spawn-backend", where.backend, "--tpt-proto", where.transport);
}

verdict run_fault(const std::string& name) {
  const session& chosen = current_session();
  const cell first(chosen.backends.front(), chosen.transports.front());
  return verdict(one_cell(first).arg("--gtest_filter=fault." + name + "/*"));
}

/// What the run says of a test that leaves something.
std::string leak_of(const std::string& fault) {
  const verdict seen = run_fault(fault);
  EXPECT_EQ(seen.code, 1);
  return seen.text;
}

}  // namespace

TEST(verdict, of_a_test_without_fault_is_a_pass) {
  const verdict seen = run_fault("none");
  EXPECT_EQ(seen.code, 0) << seen.text;
  EXPECT_THAT(seen.text, Not(HasSubstr("LEAK")));
}

TEST(verdict, names_an_orphaned_process_and_ends_it) {
  EXPECT_THAT(leak_of("orphan"),
              AllOf(HasSubstr("LEAK: process "), HasSubstr(" sleep 60: still runs after the test")));
}

TEST(verdict, names_a_zombie) { EXPECT_THAT(leak_of("zombie"), HasSubstr("LEAK: zombie ")); }

TEST(verdict, names_a_descriptor_by_its_target) { EXPECT_THAT(leak_of("fd"), HasSubstr(" -> /dev/zero")); }

TEST(verdict, names_shared_memory_and_removes_it) {
  const verdict seen = run_fault("shm");
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr("LEAK: shared memory /dev/shm/tractor-probe-"));
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
    EXPECT_THAT(seen.text, Not(HasSubstr(entry.path().string() + "\n")));
}

TEST(verdict, names_a_socket_file) {
  EXPECT_THAT(leak_of("socket_file"), AllOf(HasSubstr("LEAK: socket file "), HasSubstr("/left.sock")));
}

TEST(verdict, names_a_signal_whose_handler_was_not_put_back) {
  EXPECT_THAT(leak_of("signal_handler"), HasSubstr("LEAK: signal SIGUSR1"));
}

TEST(verdict, names_a_thread) { EXPECT_THAT(leak_of("thread"), HasSubstr("LEAK: thread ")); }

TEST(verdict, names_temporary_files_and_folders) {
  EXPECT_THAT(leak_of("temporary_file"),
              AllOf(ContainsRegex("LEAK: file /tmp/tractor-run-[^ ]*/tmp/left.txt"),
                    ContainsRegex("LEAK: folder /tmp/tractor-run-[^ ]*/tmp/left\n")));
}

TEST(verdict, names_a_port_on_which_somebody_listens) {
  EXPECT_THAT(leak_of("listening_port"),
              ContainsRegex("LEAK: fd [0-9]+ -> socket:.* .listens on 127.0.0.1:[1-9]"));
}

TEST(verdict, names_who_computes_without_end) {
  EXPECT_THAT(leak_of("busy_thread"), ContainsRegex("LEAK: thread .*, and uses a processor all the time"));
}

TEST(verdict, names_a_changed_variable) {
  EXPECT_THAT(leak_of("environment"), HasSubstr("LEAK: environment: PROBE_LEFT_THIS was not set"));
}

TEST(verdict, of_an_error_has_its_type_and_the_fixtures_end) {
  const verdict seen = run_fault("thrown");
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr("std::runtime_error"));
  EXPECT_THAT(seen.text, HasSubstr("thrown on purpose"));
  EXPECT_THAT(seen.text, HasSubstr("fixture of fault.thrown/"));
  EXPECT_THAT(seen.text, HasSubstr("fixture ends"));
}

TEST(verdict, of_a_plain_test_names_its_leak_too) {
  const verdict seen(probe().arg("--gtest_filter=fault_of_a_plain_test.fd"));
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr(" -> /dev/zero"));
}

TEST(verdict, ends_a_test_that_blocks_its_thread_and_its_processes) {
  const session& chosen = current_session();
  const cell first(chosen.backends.front(), chosen.transports.front());
  const verdict seen(
      one_cell(first).arg("--gtest_filter=fault.blocked_without_root/*", "--timeout-scale", "0.05"));
  EXPECT_EQ(seen.code, 3);
  EXPECT_THAT(seen.text, HasSubstr("HARD TIMEOUT: fault.blocked_without_root/" + first.id()));
  EXPECT_THAT(seen.text, ContainsRegex("\n    [0-9]+, state S[^\n]*: sleep 60\n        open: 0="));
  EXPECT_THAT(seen.text, HasSubstr("[  FAILED  ] fault.blocked_without_root/"));
}

TRACTOR_CELL_TEST(verdict_in_cell, late_body_is_cancelled_with_a_dump_of_its_tasks,
                  (start_method how, tpt_proto via)) {
  const verdict seen(one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.late/*"));
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr("TIMEOUT: not done after 0."));
  EXPECT_THAT(seen.text, HasSubstr("faults.cpp:"));
  EXPECT_THAT(seen.text, ContainsRegex("state S.*: sleep 60"));
  EXPECT_THAT(seen.text, Not(HasSubstr("LEAK")));
}

TRACTOR_CELL_TEST(verdict_in_cell, blocked_root_is_ended_by_force, (start_method how, tpt_proto via)) {
  const verdict seen(
      one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.blocked/*", "--timeout-scale", "0.05"));
  EXPECT_EQ(seen.code, 3);
  EXPECT_THAT(seen.text, HasSubstr("HARD TIMEOUT: fault.blocked/" + how.key() + "+" + via.key()));
}

TRACTOR_CELL_TEST(verdict_in_cell, assertion_ends_the_body_and_is_reported_once,
                  (start_method how, tpt_proto via)) {
  const verdict seen(one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.assertion/*"));
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr("Expected equality of these values"));
  EXPECT_THAT(seen.text, Not(HasSubstr("went on")));
  EXPECT_THAT(seen.text, Not(HasSubstr("the test threw")));
}

TRACTOR_CELL_TEST(verdict_in_cell, skip_ends_the_body_and_is_no_failure, (start_method how, tpt_proto via)) {
  const verdict seen(one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.skipped/*"));
  EXPECT_EQ(seen.code, 0);
  EXPECT_THAT(seen.text, HasSubstr("skipped on purpose"));
  EXPECT_THAT(seen.text, Not(HasSubstr("went on")));
}

TRACTOR_CELL_TEST(verdict_in_cell, what_runs_is_compared_with_the_id_of_the_test,
                  (start_method how, tpt_proto via)) {
  const verdict seen(one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.another_cell/*"));
  EXPECT_EQ(seen.code, 1);
  EXPECT_THAT(seen.text, HasSubstr("runs on backend "));
  EXPECT_THAT(seen.text, HasSubstr(", not on " + how.key()));
}

TRACTOR_CELL_TEST(verdict_in_cell, body_without_fault_passes, (start_method how, tpt_proto via)) {
  const verdict seen(one_cell(cell(how.key(), via.key())).arg("--gtest_filter=fault.no_fault/*"));
  EXPECT_EQ(seen.code, 0) << seen.text;
  EXPECT_THAT(seen.text, HasSubstr("fault.no_fault/" + how.key() + "+" + via.key()));
}

TEST(test_program, whose_filter_matches_nothing_exits_with_4) {
  const verdict seen(probe().arg("--gtest_filter=no.such_test"));
  EXPECT_EQ(seen.code, 4);
  EXPECT_THAT(seen.text, HasSubstr("no test was selected: the filter 'no.such_test' matches none"));
}

TEST(test_program, refuses_a_flag_that_nobody_knows) {
  const verdict seen(probe().arg("--no-such-flag"));
  EXPECT_EQ(seen.code, 2);
  EXPECT_THAT(seen.text, HasSubstr("--no-such-flag"));
}

TEST(test_program, lists_the_known_keys_for_one_that_nobody_knows) {
  const verdict seen(probe().arg("--spawn-backend", "no_such_key"));
  EXPECT_EQ(seen.code, 2);
  for (const std::string& key : current_session().backends) EXPECT_THAT(seen.text, HasSubstr(key));
}

TEST(test_program, may_run_twice_at_the_same_time) {
  command line(test::program("tractor_tests"));
  line.arg("--gtest_filter=discovery.two_actors_find_each_other_and_talk/*:tree.of_several_actors*");
  subprocess first(line), second(line);
  for (subprocess* const each : {&first, &second}) {
    const auto status = each->wait(60s);
    EXPECT_TRUE(status && status->ok()) << each->out() << each->err();
    EXPECT_THAT(each->out() + each->err(), HasSubstr("discovery.two_actors_find_each_other_and_talk/"));
  }
}

TEST(test_program, says_when_the_environment_narrows_the_matrix) {
  const std::string last = current_session().transports.back();
  const verdict seen(probe().arg("--gtest_list_tests").env("TRACTOR_TPT_PROTO", last));
  EXPECT_EQ(seen.code, 0);
  EXPECT_THAT(seen.text, HasSubstr("TRACTOR_TPT_PROTO narrows the transports to: " + last));
  for (const std::string& key : current_session().transports)
    if (key != last) {
      EXPECT_THAT(seen.text, Not(HasSubstr("+" + key + "\n")));
    }
}

TEST(test_program, names_each_test_after_its_cell) {
  const verdict seen(
      probe().arg("--gtest_list_tests", "--tpt-proto=" + detail::joined(current_session().transports, ",")));
  for (const std::string& backend : current_session().backends)
    for (const std::string& transport : current_session().transports)
      EXPECT_THAT(seen.text, HasSubstr("  no_fault/" + backend + "+" + transport + "\n"));
}

TRACTOR_CELL_TEST(verdict_in_cell, programs_under_test_find_the_plugins_and_the_config_file_of_the_run,
                  (start_method how, tpt_proto via, tmp_dir& tmp)) {
  const std::string config = tmp / "tractor.yaml";
  std::ofstream(config) << "timeouts:\n  peers: 1s\n";
  const verdict seen(one_cell(cell(how.key(), via.key()))
                         .arg("--gtest_filter=surroundings.*", "--plugin-path", "/no/such:/nor/this")
                         .arg("--config", config));
  EXPECT_EQ(seen.code, 0) << seen.text;
  EXPECT_THAT(seen.text, HasSubstr("plugins=/no/such:/nor/this"));
  EXPECT_THAT(seen.text, HasSubstr(" config=" + config + "\n"));
}

}  // namespace verdict_test
