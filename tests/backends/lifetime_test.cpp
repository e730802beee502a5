// How children end, how their parent learns of it, and what a failed start leaves: nothing.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <system_error>

#include "support.hpp"

namespace backend_tests {

using namespace std::chrono_literals;
using namespace tractor;

namespace {

class lifetime : public any_backend {
 protected:
  /// What the error of a spawn says; empty if there was none.
  std::string refusal_of(const spawn_request& wanted) {
    try {
      run_loop([&]() -> task<> {
        auto child = co_await backend_->spawn(wanted);
        child->signal(SIGKILL);
        co_await child->wait();
      });
    } catch (const std::system_error& error) {
      EXPECT_TRUE(
          std::all_of(before_.begin(), before_.end(), [](int fd) { return ::fcntl(fd, F_GETFD) >= 0; }));
      return error.what();
    }
    return "";
  }
  task<std::unique_ptr<child_process>> sleeper(report_pipe& pipe) {
    const spawn_request wanted = request("sleep", &pipe);
    auto child = co_await backend_->spawn(wanted);
    EXPECT_EQ(pipe.read_line(), "up");
    co_return child;
  }
};

task<> end_all(std::vector<std::unique_ptr<child_process>>& children) {
  for (auto& child : children) child->signal(SIGKILL);
  for (auto& child : children) co_await child->wait();
}

}  // namespace

TEST_P(lifetime, an_exit_code_arrives) {
  EXPECT_EQ(outcome_of("exit 0").text(), "exited with code 0");
  EXPECT_EQ(outcome_of("exit 7").text(), "exited with code 7");
  EXPECT_EQ(outcome_of("exit 255").code(), 255);
}

TEST_P(lifetime, death_by_a_signal_is_told_from_an_exit) {
  EXPECT_EQ(outcome_of("raise 15").text(), "was killed by signal 15 (SIGTERM)");
  EXPECT_EQ(outcome_of("raise 9").signo(), SIGKILL);
  const rlimit none{0, RLIM_INFINITY};
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  const rlimit quiet{std::min(none.rlim_cur, core.rlim_max), core.rlim_max};
  ::setrlimit(RLIMIT_CORE, &quiet);
  EXPECT_EQ(outcome_of("abort").signo(), SIGABRT);
  EXPECT_EQ(outcome_of("terminate").signo(), SIGABRT);
  ::setrlimit(RLIMIT_CORE, &core);
}

TEST_P(lifetime, a_signal_reaches_the_child_and_nothing_happens_after_its_end) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto child = co_await sleeper(pipe);
    child->signal(SIGTERM);
    const exit_status status = co_await child->wait();
    EXPECT_EQ(status.signo(), SIGTERM);
    child->signal(SIGKILL);
    const exit_status again = co_await child->wait();
    EXPECT_EQ(again.signo(), SIGTERM);
  });
}

TEST_P(lifetime, a_cancelled_wait_leaves_the_child_alive) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto child = co_await sleeper(pipe);
    for (int i = 0; i < 3; ++i) {
      auto waited = co_await move_on_after(5ms, child->wait());
      EXPECT_TRUE(waited.cancelled_caught());
    }
    EXPECT_EQ(::kill(child->pid(), 0), 0);
    EXPECT_FALSE(title_of(child->pid()).empty());
    child->signal(SIGKILL);
    const exit_status status = co_await child->wait();
    EXPECT_EQ(status.signo(), SIGKILL);
  });
}

TEST_P(lifetime, two_tasks_wait_for_one_child_and_both_learn_its_end) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto child = co_await sleeper(pipe);
    int seen = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 2; ++i)
        tn.start_soon([&]() -> task<> {
          const exit_status status = co_await child->wait();
          seen += status.signo();
        });
      auto cut = co_await move_on_after(5ms, child->wait());  // a third one that gives up harms neither
      EXPECT_TRUE(cut.cancelled_caught());
      child->signal(SIGKILL);
    });
    EXPECT_EQ(seen, 2 * SIGKILL);
  });
}

TEST_P(lifetime, a_child_that_ended_long_ago_is_still_reaped) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    const spawn_request wanted = request("exit 3", &pipe);
    auto child = co_await backend_->spawn(wanted);
    pipe.read_all();
    EXPECT_TRUE(gone_within(child->pid(), 5));
    const exit_status status = co_await child->wait();
    EXPECT_EQ(status.code(), 3);
  });
}

TEST_P(lifetime, the_handle_outlives_the_loop_it_was_waited_in) {
  report_pipe pipe;
  std::unique_ptr<child_process> child;
  run_loop([&]() -> task<> {
    child = co_await sleeper(pipe);
    co_await move_on_after(1ms, child->wait());
  });
  child->signal(SIGKILL);
  EXPECT_EQ(run_loop([&]() -> task<int> { co_return (co_await child->wait()).signo(); }), SIGKILL);
}

TEST_P(lifetime, other_children_of_the_host_program_are_not_touched) {
  const int foreign = ::fork();
  if (foreign == 0) ::_exit(42);
  EXPECT_TRUE(gone_within(foreign, 5));
  EXPECT_EQ(outcome_of("exit 1").code(), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(foreign, &status, 0), foreign);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_P(lifetime, a_status_that_the_host_program_took_is_an_error_that_says_so) {
  run_loop([&]() -> task<> {
    const spawn_request wanted = request("exit 1");
    auto child = co_await backend_->spawn(wanted);
    EXPECT_EQ(::waitpid(child->pid(), nullptr, 0), child->pid());
    std::string text;
    try {
      co_await child->wait();
    } catch (const std::system_error& error) {
      text = error.what();
    }
    EXPECT_NE(text.find("other code of this program reaped it"), std::string::npos) << text;
  });
}

TEST_P(lifetime, fifty_at_once_start_and_end) {
  run_loop([&]() -> task<> {
    int ended = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 50; ++i)
        tn.start_soon(
            [&](int code) -> task<> {
              const std::string life = "exit " + std::to_string(code);
              const spawn_request wanted = request(life);
              auto child = co_await backend_->spawn(wanted);
              const exit_status status = co_await child->wait();
              if (status.code() == code) ++ended;
            },
            i);
      co_return;
    });
    EXPECT_EQ(ended, 50);
  });
}

TEST_P(lifetime, a_batch_of_a_hundred_comes_back_in_the_order_asked) {
  run_loop([&]() -> task<> {
    std::vector<spawn_request> wanted;
    for (int i = 0; i < 100; ++i) wanted.push_back(request("exit " + std::to_string(i)));
    auto children = co_await backend_->spawn_batch(wanted);
    EXPECT_EQ(children.size(), 100u);
    for (std::size_t i = 0; i < children.size(); ++i) {
      const exit_status status = co_await children[i]->wait();
      EXPECT_EQ(status.code(), static_cast<int>(i));
    }
  });
}

TEST_P(lifetime, a_batch_with_one_bad_request_leaves_no_child) {
  std::vector<spawn_request> wanted;
  for (int i = 0; i < 10; ++i) wanted.push_back(request("sleep"));
  wanted[6].working_directory = "/does/not/exist";
  auto body = [&]() -> task<> {
    auto children = co_await backend_->spawn_batch(wanted);
    co_await end_all(children);
  };
  EXPECT_THROW(run_loop(body), std::system_error);
  backend_->shutdown();
  EXPECT_TRUE(no_children());
}

TEST_P(lifetime, a_cancelled_spawn_makes_no_child) {
  run_loop([&]() -> task<> {
    const spawn_request wanted = request("sleep");
    bool raised = false;
    co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
      scope.cancel();
      try {
        auto child = co_await backend_->spawn(wanted);
      } catch (const cancelled&) {
        raised = true;
        throw;
      }
    });
    EXPECT_TRUE(raised);
  });
  backend_->shutdown();
  EXPECT_TRUE(no_children());
}

TEST_P(lifetime, a_missing_directory_is_an_error_that_names_it) {
  spawn_request wanted = request("exit 0");
  wanted.working_directory = "/does/not/exist";
  const std::string text = refusal_of(wanted);
  EXPECT_NE(text.find("cannot start '" + wanted.title + "': working directory '/does/not/exist'"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("No such file or directory"), std::string::npos) << text;
}

TEST_P(lifetime, a_variable_without_a_name_is_refused) {
  spawn_request wanted = request("exit 0");
  wanted.env.emplace_back("A=B", "c");
  EXPECT_NE(refusal_of(wanted).find("'A=B' cannot be a variable"), std::string::npos);
}

TEST_P(lifetime, at_the_limit_of_open_files_a_spawn_fails_cleanly_and_works_again_after) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  int failures = 0, successes = 0;
  // Each bound hits another place: the first descriptor, the second, the pidfd of a child that exists
  // already.
  for (rlim_t room = 0; room < 12; ++room) {
    run_loop([&]() -> task<> {
      const spawn_request wanted = request("exit 0");
      co_await checkpoint();
      const int first_free = ::dup(0);
      ::close(first_free);
      const rlimit tight{static_cast<rlim_t>(first_free) + room, files.rlim_max};
      ::setrlimit(RLIMIT_NOFILE, &tight);
      std::unique_ptr<child_process> child;
      try {
        child = co_await backend_->spawn(wanted);
      } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), EMFILE) << error.what();
        ++failures;
      }
      ::setrlimit(RLIMIT_NOFILE, &files);
      if (child) {
        ++successes;
        co_await child->wait();
      }
    });
  }
  EXPECT_GT(failures, 0);
  EXPECT_GT(successes, 0);
  EXPECT_TRUE(outcome_of("exit 0").success());
}

TEST_P(lifetime, a_parent_with_much_memory_spawns_as_fast_as_a_small_one) {
  // Its own processor time, which the load of the machine does not change: a fork would copy page tables.
  const auto cost = [&] {
    const std::clock_t start = std::clock();
    for (int i = 0; i < 20; ++i) outcome_of("exit 0");
    return 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / 20;
  };
  const double small = cost();
  std::vector<char> memory(200'000'000);
  for (std::size_t at = 0; at < memory.size(); at += 4096) memory[at] = 1;
  EXPECT_LT(cost(), small * 2 + 0.5) << "ms, against " << small << " ms of a small parent";
}

INSTANTIATE_TEST_SUITE_P(backends, lifetime, ::testing::Values("trio_like", "fork_spawn"),
                         [](const auto& info) { return std::string(info.param); });

class exec_start : public exec_backend {};

TEST_F(exec_start, a_failed_exec_is_an_error_with_its_reason_and_leaves_no_child) {
  spawn_request wanted = request("exit 0");
  wanted.env.emplace_back("TOO_LONG_FOR_EXEC", std::string(200'000, 'x'));
  auto body = [&]() -> task<> { auto child = co_await backend_->spawn(wanted); };
  try {
    run_loop(body);
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), E2BIG);
    EXPECT_STREQ(error.what(), ("trio_like: cannot start '" + wanted.title +
                                "': exec of /proc/self/exe: Argument list too long")
                                   .c_str());
  }
  EXPECT_TRUE(no_children());
}

}  // namespace backend_tests
