// The helpers for tasks where they meet actors: programs run by an actor, resources that an actor shares.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "program.hpp"

namespace helpers_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

int opened = 0;

/// Writes the pid of a program that would run for long, then runs it until it is cancelled.
task<> keep_running(std::string pid_file) {
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    const int pid = co_await tn.start(&start_run_process, process_command("sleep").arg("1000"));
    std::ofstream(pid_file + ".new") << pid;
    std::filesystem::rename(pid_file + ".new", pid_file);
  });
}
task<> run_failing() {
  co_await supervise_run_process(process_command("sh").args("-c", "echo why >&2; exit 3"));
}

task<> open_number(entered<int>& in, std::string) {
  int number = ++opened;
  co_await in(number);
}
/// What of `users` at once have the first, and how often it was opened for them.
task<std::vector<int>> share_a_number(int users) {
  std::vector<int> out(2);
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    for (int i = 0; i < users; ++i) {
      tn.start_soon([&]() -> task<> {
        co_await maybe_open_context(current_actor().resources(), &open_number, "n",
                                    [&](bool hit, int&) -> task<> {
                                      out[0] += hit ? 0 : 1;
                                      co_await checkpoint();
                                    });
      });
    }
    co_return;
  });
  out[1] = opened;
  co_return out;
}
task<> hold_a_number(std::string file) {
  co_await maybe_open_context(current_actor().resources(), &open_number, "n", [&](bool, int&) -> task<> {
    std::ofstream(file) << 1;
    co_await sleep_forever();
  });
}

task<> numbers(send_stream<int>& out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(i);
}
/// A remote stream as a shared resource, for as many readers as come.
task<> open_numbers(entered<broadcast<int>>& in, portal from, int count) {
  co_await from.stream_from<&numbers>(count, [&](receive_stream<int>& stream) -> task<> {
    broadcast feed(stream, 16);
    co_await in(feed);
  });
}

task<int> pid_in(std::string file) {
  while (!std::filesystem::exists(file)) co_await sleep(1ms);
  int pid = 0;
  std::ifstream(file) >> pid;
  co_return pid;
}

TRACTOR_TEST(helpers, a_program_ends_with_the_actor_that_runs_it, (tmp_dir & dir), timeout(20s)) {
  const std::string file = dir.path() + "/pid";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto actor = co_await an.start_actor("runner", expose<&keep_running>());
    an.tasks().start_soon([&]() -> task<> { co_await actor.run<&keep_running>(file); });
    const int pid = co_await pid_in(file);
    CO_ASSERT_GT(pid, 0);
    an.cancel();
  });
  int pid = 0;
  std::ifstream(file) >> pid;
  CO_ASSERT_EQ(::kill(pid, 0), -1);
}

TRACTOR_TEST(helpers, a_program_dies_with_an_actor_that_is_killed, (tmp_dir & dir), timeout(20s)) {
  const std::string file = dir.path() + "/pid";
  int pid = 0;
  auto tree = [&]() -> task<> {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      auto actor = co_await an.start_actor("runner", expose<&keep_running>());
      an.tasks().start_soon([&]() -> task<> { co_await actor.run<&keep_running>(file); });
      pid = co_await pid_in(file);
      ::kill(actor.peer().pid(), SIGKILL);
      co_await sleep_forever();
    });
  };
  auto ended = co_await capture(tree);
  CO_ASSERT_TRUE(ended.failed());
  CO_ASSERT_GT(pid, 0);
  // The kernel ended it, and it is a child of this process since its own is gone. Nobody else waits for it.
  int status = 0;
  CO_ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  CO_ASSERT_TRUE(WIFSIGNALED(status));
}

TRACTOR_TEST(helpers, the_failure_of_a_program_crosses_to_the_caller_with_its_stderr, (), timeout(20s)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto actor = co_await an.start_actor("runner", expose<&run_failing>());
    auto failed = co_await capture(actor.run<&run_failing>());
    const std::string text = describe(failed.error());
    EXPECT_THAT(text, HasSubstr("tractor::process_failed"));
    EXPECT_THAT(text, HasSubstr("why"));
    an.cancel();
  });
}

TRACTOR_TEST(helpers, the_resources_of_an_actor_are_shared_by_all_its_tasks, (), timeout(20s)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto actor = co_await an.start_actor("sharer", expose<&share_a_number>());
    const auto first = co_await actor.run<&share_a_number>(5);
    CO_ASSERT_EQ(first, (std::vector<int>{1, 1}));
    const auto second = co_await actor.run<&share_a_number>(3);
    CO_ASSERT_EQ(second, (std::vector<int>{1, 2}));
    an.cancel();
  });
}

TRACTOR_TEST(helpers, an_actor_that_is_cancelled_closes_what_it_shares, (tmp_dir & dir), timeout(20s)) {
  const std::string file = dir.path() + "/held";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto actor = co_await an.start_actor("sharer", expose<&hold_a_number>());
    an.tasks().start_soon(
        [&]() -> task<> { co_await raises<context_cancelled>(actor.run<&hold_a_number>(file)); });
    co_await pid_in(file);
    co_await actor.cancel_actor();
  });
}

TRACTOR_TEST(helpers, open_local_sub_to_stream, (), timeout(20s)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal source = co_await an.start_actor("source", expose<&numbers>());
    int misses = 0, waiting = 0;
    event all_in;
    std::vector<std::vector<int>> seen(10);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (std::vector<int>& mine : seen) {
        tn.start_soon([&]() -> task<> {
          const cache_key key(std::string("numbers"));
          auto use = [&](bool hit, broadcast<int>& feed) -> task<> {
            misses += hit ? 0 : 1;
            subscription<int> sub = feed.subscribe();
            if (++waiting == 10) all_in.set();
            co_await all_in.wait();
            while (auto item = co_await sub.next()) mine.push_back(*item);
          };
          co_await maybe_open_context(current_actor().resources(), key, &open_numbers, source, 200, use);
        });
      }
      co_return;
    });
    CO_ASSERT_EQ(misses, 1);
    for (const std::vector<int>& each : seen) {
      CO_ASSERT_EQ(each.size(), 200u);
      CO_ASSERT_EQ(each.back(), 199);
    }
    an.cancel();
  });
}

}  // namespace helpers_test
