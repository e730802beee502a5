// The runtime of a process: one at a time, its end, its command line.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <tractor/async/loop.hpp>

#include "program.hpp"
#include "program/endpoints.hpp"

namespace runtime_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using process_program::hello;
using testing::HasSubstr;

task<> second_tree() {
  run_options options;
  run_tree(options, []() -> task<> { co_return; });
  co_return;
}
task<int> second_program() {
  std::string name = "second";
  char* argv[] = {name.data(), nullptr};
  co_return run(
      1, argv, run_options(), +[]() -> task<> { co_return; });
}
task<> leaves_note(std::string file, std::string how) {
  for (const std::string line : {"first", "second"})
    current_actor().at_exit([file, line] { std::ofstream(file, std::ios::app) << line << " "; });
  if (how == "error") throw std::runtime_error("on purpose");
  if (how == "interrupt") {
    ::kill(::getpid(), SIGINT);
    co_await sleep_forever();
  }
}
task<std::vector<std::string>> own_transports() {
  std::vector<std::string> out;
  for (const address& at : current_actor().addresses()) out.push_back(at.transport());
  co_return out;
}
task<std::vector<std::string>> transports_of_a_child() {
  std::vector<std::string> out;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.run_in_actor<&own_transports>("grandchild");
    out = co_await kid.wait_for_result();
  });
  co_return out;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The one line that the test program refuses these words with; its exit code must be 2.
std::string refusal(const command& line) {
  subprocess run(line);
  const auto status = run.wait(roomy(10s));
  EXPECT_TRUE(status && status->code() == 2) << (status ? status->text() : "still runs") << "\n" << run.err();
  EXPECT_EQ(std::ranges::count(run.err(), '\n'), 1) << run.err();
  EXPECT_EQ(run.out(), "");
  return run.err();
}

std::vector<std::string> other_first(const std::string& proto) {
  std::vector<std::string> all = {proto};
  for (const std::string& key : current_session().transports)
    if (key != proto) all.push_back(key);
  return all;
}

TRACTOR_TEST(runtime, is_one_per_process_in_the_root) {
  auto error = co_await raises<runtime_failure>(second_tree());
  EXPECT_THAT(error.what(), HasSubstr("'root@"));
  auto code = co_await second_program();
  EXPECT_EQ(code, 1);
  // The first one is whole: it can still make children.
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.run_in_actor<&hello>("kid", "you");
    auto text = co_await kid.wait_for_result();
    EXPECT_EQ(text, "hello you, says kid");
  });
}

TRACTOR_CELL_TEST(runtime, is_gone_with_its_tree_and_what_asks_for_it_says_which_was_the_last,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  run_options options;
  options.name("former")
      .start_method(method.key())
      .enable_transports(proto.key())
      .registry_addrs(addr.text());
  run_tree(options, []() -> task<> { co_return; });
  try {
    current_actor();
    ADD_FAILURE() << "an actor";
  } catch (const no_runtime& error) {
    EXPECT_THAT(error.what(), HasSubstr("enter it with tractor::run; the last one was 'former@"));
  }
}

// Its children would come there as roots, and start children of their own.
TRACTOR_CELL_TEST(runtime, refuses_to_be_where_main_has_not_asked_whether_it_is_a_child,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess unready(program("unready", method, proto, addr));
  const auto status = unready.wait(roomy(10s));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), 3);
  EXPECT_THAT(unready.err(), HasSubstr("main() must begin with tractor::run"));
}

TRACTOR_TEST(runtime, is_one_per_process_in_a_child) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&second_tree>());
    auto error = co_await raises<remote_actor_error>(kid.run<&second_tree>());
    EXPECT_TRUE(error.boxed_type_is<runtime_failure>());
    EXPECT_THAT(error.message(), HasSubstr("'kid@"));
    an.cancel();
  });
}

TEST(runtime_less, code_is_told_how_to_enter_the_runtime) {
  EXPECT_FALSE(is_root_process());
  try {
    current_actor();
    ADD_FAILURE() << "there is no actor here";
  } catch (const no_runtime& error) {
    EXPECT_THAT(error.what(), HasSubstr("tractor::run"));
  }
  auto body = []() -> task<> {
    co_await raises<no_runtime>(open_nursery([](actor_nursery&) -> task<> { co_return; }));
    co_await raises<no_runtime>(find_actor("anybody"));
  };
  run_loop(body());
}

TRACTOR_TEST(runtime, calls_what_wants_to_be_called_at_its_end_the_last_first, (tmp_dir & tmp)) {
  const std::vector<std::string> ways = {"result", "error", "interrupt"};
  for (const std::string& how : ways) {
    const std::string file = tmp / how;
    auto life = open_nursery([&](actor_nursery& an) -> task<> {
      auto kid = co_await an.start_actor("kid", expose<&leaves_note>());
      co_await kid.run<&leaves_note>(file, how);
      co_await kid.cancel_actor();
    });
    if (how == "result")
      co_await std::move(life);
    else
      co_await raises<remote_actor_error>(std::move(life));
    EXPECT_EQ(text_of(file), "second first ") << how;
  }
}

TRACTOR_TEST(runtime, has_several_transports_per_actor_and_hands_them_down, (tpt_proto proto),
             root([](run_options& options, test_context& context) {
               for (const std::string& key : other_first(context.where().transport))
                 if (key != context.where().transport) options.enable_transports(key);
             })) {
  const auto all = other_first(proto);
  auto ours = co_await own_transports();
  EXPECT_THAT(ours, testing::UnorderedElementsAreArray(all));
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&own_transports, &transports_of_a_child>());
    auto inherited = co_await kid.run<&own_transports>();
    EXPECT_THAT(inherited, testing::UnorderedElementsAreArray(all));
    for (const std::string& key : all) {
      auto options = expose<&own_transports, &transports_of_a_child>().enable_transports(key);
      auto single = co_await an.start_actor("single", std::move(options));
      auto theirs = co_await single.run<&own_transports>();
      EXPECT_THAT(theirs, testing::ElementsAre(key));
      auto below = co_await single.run<&transports_of_a_child>();
      EXPECT_THAT(below, testing::ElementsAre(key));
    }
    an.cancel();
  });
}

TRACTOR_CELL_TEST(command_line, with_an_unknown_backend_transport_flag_or_address_is_refused_in_one_line,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_THAT(refusal(program("once", "no_such", proto, addr)), HasSubstr("no_such"));
  EXPECT_THAT(refusal(program("once", method, "no_such", addr)), HasSubstr("no_such"));
  EXPECT_THAT(refusal(program("once", method, proto, addr).arg("--no-such")), HasSubstr("--no-such"));
  EXPECT_THAT(refusal(program("once", method, proto, "no_such_place")), HasSubstr("no_such_place"));
  EXPECT_THAT(refusal(program("once", method, proto, addr).arg("--ll", "loud")), HasSubstr("loud"));
}

TRACTOR_CELL_TEST(command_line, yields_to_the_environment_which_says_so,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  auto line = program("once", "no_such", proto, addr);
  line.env("TRACTOR_SPAWN_METHOD", method.key());
  subprocess run(line);
  const auto status = run.wait(roomy(10s));
  EXPECT_TRUE(status && status->ok()) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("TRACTOR_SPAWN_METHOD"));
}

TRACTOR_CELL_TEST(command_line, names_the_place_of_a_mistake_in_the_config_file,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const std::string file = tmp / "tractor.yaml";
  std::ofstream(file) << "limits:\n  depht: 3\n";
  EXPECT_THAT(refusal(program("once", method, proto, addr).arg("--config", file)),
              HasSubstr(file + ":2:3: unknown key 'depht': known are depth, "));
}

TRACTOR_CELL_TEST(command_line, takes_the_log_levels_of_single_subsystems,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess quiet(program("once", method, proto, addr).arg("--tl", "devx:runtime,trionics:cancel"));
  EXPECT_TRUE(quiet.wait(roomy(10s))->ok()) << quiet.err();
  EXPECT_EQ(quiet.err(), "");
  subprocess spawns(program("once", method, proto, addr).arg("--tl", "spawn:runtime"));
  EXPECT_TRUE(spawns.wait(roomy(10s))->ok()) << spawns.err();
  EXPECT_THAT(spawns.err(), HasSubstr(" RUNTIME spawn "));
  EXPECT_EQ(spawns.err().find(" runtime "), std::string::npos) << spawns.err();
  EXPECT_THAT(refusal(program("once", method, proto, addr).arg("--tl", "devz:info")),
              testing::AllOf(HasSubstr("devz"), HasSubstr("async, devx, discovery"), HasSubstr("trionics")));
}

TRACTOR_CELL_TEST(command_line, takes_debug_mode_and_says_in_one_line_that_the_debugger_is_not_there_yet,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const std::string flag : {"--debug-mode", "--tpdb"}) {
    subprocess run(program("once", method, proto, addr).arg(flag));
    EXPECT_TRUE(run.wait(roomy(10s))->ok()) << run.err();
    EXPECT_EQ(run.err(), "tractor: debug mode is accepted, but the debugger is not there yet\n");
    EXPECT_EQ(run.out(), "hello root, says kid\n");
  }
}

TRACTOR_CELL_TEST(command_line, shows_the_flags_of_the_runtime,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const std::string flag : {"--help", "-h"}) {
    subprocess run(program("once", method, proto, addr).arg(flag));
    EXPECT_TRUE(run.wait(roomy(10s))->ok()) << run.err();
    EXPECT_EQ(run.err(), "");
    for (const std::string part : {"usage: once ", "--spawn-backend KEY", "TRACTOR_TPT_PROTO"})
      EXPECT_THAT(run.out(), HasSubstr(part));
  }
}

TEST(endpoints, of_one_name_end_the_program_at_its_start_with_their_name) {
  subprocess run(program("twins", "", "", ""));
  const auto status = run.wait(10s);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->signal(), SIGABRT);
  EXPECT_THAT(run.err(), HasSubstr("zoo:panda()->int"));
  EXPECT_THAT(run.err(), HasSubstr("expose_as"));
}

}  // namespace runtime_test
