// SIGUSR1 from outside: what a tree shows of itself.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <sstream>
#include <thread>
#include <tractor/runtime/dump_leftovers.hpp>
#include <tractor/runtime/dump_request.hpp>

#include "program.hpp"

namespace dump_test {

using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string begin_of_dump(const std::string& actor) { return "task tree of actor '" + actor + "@"; }

void end(subprocess& run) {
  run.signal(SIGINT);
  const auto status = run.wait(roomy(10s));
  ASSERT_TRUE(status.has_value()) << run.err();
  EXPECT_EQ(status->code(), 130) << run.err();
}

TRACTOR_CELL_TEST(dumps, go_from_the_root_down_each_parent_first_and_once_for_all_signals_of_a_burst,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  for (int i = 0; i < 5; ++i) run.signal(SIGUSR1);
  run.signal_tree(SIGUSR1);
  const std::vector<std::string> all = {"root", "ta", "tb", "taa", "tab", "tba", "tbb"};
  for (const std::string& who : all)
    ASSERT_TRUE(run.wait_for_output(begin_of_dump(who), roomy(5s))) << who << "\n" << run.err();
  end(run);
  for (const std::string& who : all) EXPECT_EQ(count_of(begin_of_dump(who), run.err()), 1u) << who;
}

TRACTOR_CELL_TEST(dumps, are_passed_on_to_children_when_the_parents_text_is_out,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  run.signal(SIGUSR1);
  for (const std::string who : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output(begin_of_dump(who), roomy(5s))) << who << "\n" << run.err();
  end(run);
  const std::string text = run.err();
  auto at = [&](const std::string& who) { return text.find(begin_of_dump(who)); };
  EXPECT_LT(at("root"), at("ta"));
  EXPECT_LT(at("root"), at("tb"));
  EXPECT_LT(at("ta"), at("taa"));
  EXPECT_LT(at("tb"), at("tbb"));
  EXPECT_THAT(text, HasSubstr("task tractor::actor_nursery::start (waiting)"));
  EXPECT_THAT(text, HasSubstr("nursery, tasks: 2"));
  EXPECT_THAT(text, HasSubstr("deadline in "));
  EXPECT_THAT(text, testing::ContainsRegex("process_program::tree at main\\.cpp:[0-9]+"));
}

TRACTOR_CELL_TEST(dumps, are_appended_to_a_file_of_the_process_that_goes_with_it,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  run.signal(SIGUSR1);
  const std::string file = tractor::dump_path(run.pid());
  for (const std::string who : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output(begin_of_dump(who), roomy(5s))) << who << "\n" << run.err();
  const std::string text = read_file(file);
  EXPECT_THAT(text, testing::StartsWith(begin_of_dump("root")));
  EXPECT_THAT(text, testing::EndsWith("\n\n"));
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  const auto below = run.descendants();
  end(run);
  EXPECT_FALSE(std::filesystem::exists(file));
  for (const pid_t pid : below) EXPECT_FALSE(std::filesystem::exists(tractor::dump_path(pid)));
}

TRACTOR_CELL_TEST(dumps, show_an_actor_whose_loop_is_blocked_and_those_below_it,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("blocked", method, proto, addr));
  ASSERT_TRUE(run.wait_for_output("blocked", roomy(10s))) << run.err();
  run.signal(SIGUSR1);
  for (const std::string who : {"root", "blocked", "below"})
    ASSERT_TRUE(run.wait_for_output(begin_of_dump(who), roomy(5s))) << who << "\n" << run.err();
  EXPECT_THAT(run.err(),
              testing::ContainsRegex("actor 'blocked@[0-9a-f]+' \\(pid [0-9]+, its loop is blocked\\)"));
  EXPECT_THAT(run.err(), HasSubstr("task block (running)"));
  end(run);
}

TRACTOR_CELL_TEST(dumps, end_no_process_from_its_first_instruction_on,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr));
  // From the first child on, which is when the root is an actor; as often as can be, while the tree is born.
  while (run.descendants().empty() && !run.wait(1ms)) {
  }
  auto up = [&] { return count_of(" is up", run.out()) == 4; };
  const auto until = std::chrono::steady_clock::now() + roomy(10s);
  while (!up() && std::chrono::steady_clock::now() < until) run.signal_tree(SIGUSR1);
  EXPECT_TRUE(up()) << run.err();
  end(run);
}

TRACTOR_CELL_TEST(dumps, end_no_process_before_between_and_after_its_trees_either,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("in_a_row", method, proto, addr));
  ASSERT_TRUE(run.wait_for_output("the first tree is to come", roomy(10s))) << run.err();
  const auto until = std::chrono::steady_clock::now() + roomy(20s);
  while (!run.wait(0ms) && std::chrono::steady_clock::now() < until) run.signal_tree(SIGUSR1);
  const auto status = run.wait(0ms);
  ASSERT_TRUE(status.has_value()) << run.err();
  EXPECT_EQ(status->code(), 0) << run.err();
}

tractor::dump_request::answer answer_of(tractor::dump_request& request) {
  request.ask();
  const auto until = std::chrono::steady_clock::now() + roomy(5s);
  while (request.look() == tractor::dump_request::answer::none_yet &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  return request.is();
}

// The parent passes the request on as it came.
TRACTOR_CELL_TEST(dumps, that_a_request_asks_for_come_to_the_file_alone_with_the_end_of_the_log,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr).arg("--ll", "runtime"));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  std::list<tractor::dump_request> all;
  for (const pid_t pid : run.descendants())
    if (!all.emplace_back(pid).is_heard()) all.pop_back();  // what a backend keeps beside an actor
  EXPECT_EQ(all.size(), 6u);
  tractor::dump_request root(run.pid());
  EXPECT_EQ(answer_of(root), tractor::dump_request::answer::given);
  EXPECT_THAT(root.text(), testing::StartsWith(begin_of_dump("root")));
  EXPECT_THAT(root.text(), testing::Not(HasSubstr("\n\n")));
  EXPECT_THAT(root.log(), HasSubstr(" RUNTIME "));
  for (tractor::dump_request& each : all)
    EXPECT_EQ(answer_of(each), tractor::dump_request::answer::given) << to_string(each.is());
  end(run);
  EXPECT_THAT(run.err(), testing::Not(HasSubstr("task tree of actor '")));
  EXPECT_EQ(root.look(), tractor::dump_request::answer::given);
}

TRACTOR_CELL_TEST(dumps, that_were_quiet_hold_up_no_signal_that_follows,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("tree", method, proto, addr));
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  tractor::dump_request quietly(run.pid());
  EXPECT_EQ(answer_of(quietly), tractor::dump_request::answer::given);
  run.signal(SIGUSR1);
  EXPECT_TRUE(run.wait_for_output(begin_of_dump("root"), roomy(5s))) << run.err();
  end(run);
}

TEST(dump_requests, name_why_a_process_does_not_answer) {
  using answer = tractor::dump_request::answer;
  subprocess stranger(command("/bin/sleep").arg("60"));
  tractor::dump_request request(stranger.pid()), again(stranger.pid()), last(stranger.pid());
  EXPECT_FALSE(request.is_heard());
  stranger.signal(SIGSTOP);
  siginfo_t is_stopped{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(stranger.pid()), &is_stopped, WSTOPPED | WNOWAIT), 0);
  EXPECT_EQ(answer_of(again), answer::stopped);
  stranger.signal(SIGKILL);
  ASSERT_TRUE(stranger.wait(roomy(5s)).has_value());
  EXPECT_EQ(answer_of(last), answer::ended);
  EXPECT_STREQ(to_string(answer::deaf), "does not listen to SIGUSR1");
}

}  // namespace dump_test
