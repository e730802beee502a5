// The zygote of fork_spawn: what it holds, how it ends, and what its actor says of it.
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <system_error>
#include <thread>

#include "support.hpp"

namespace backend_tests {

using namespace std::chrono_literals;
using namespace tractor;

namespace {

class zygote : public fork_backend {
 protected:
  int pid() const {
    const std::vector<int> helpers = backend_->helper_pids();
    return helpers.size() == 1 ? helpers.front() : 0;
  }
  std::string error_of_spawn() {
    const spawn_request wanted = request("exit 0");
    auto body = [&]() -> task<> {
      auto child = co_await backend_->spawn(wanted);
      co_await child->wait();
    };
    try {
      run_loop(body);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "";
  }
  std::string death_text(const std::string& how) const {
    return "fork_spawn: the zygote of this actor (pid " + std::to_string(pid()) + ") " + how +
           "; this actor can start no more children";
  }
};

/// Stops the child that a process makes next, before its first instruction.
class newborn_stopper {
 public:
  explicit newborn_stopper(int parent)
      : thread_([this, parent] {
          const long wanted = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK;
          const bool traces = ::ptrace(PTRACE_SEIZE, parent, nullptr, wanted) == 0;
          ready_.set_value(traces);
          if (traces) await_birth(parent);
        }) {
    works_ = ready_.get_future().get();
  }
  newborn_stopper(const newborn_stopper&) = delete;
  newborn_stopper& operator=(const newborn_stopper&) = delete;
  ~newborn_stopper() { thread_.join(); }
  bool works() const noexcept { return works_; }

 private:
  static void await_birth(int parent) {
    unsigned long born = 0;
    ::waitpid(parent, nullptr, __WALL);
    ::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &born);
    const int child = static_cast<int>(born);
    ::waitpid(child, nullptr, __WALL);
    send_signal(child, SIGSTOP);
    ::ptrace(PTRACE_DETACH, child, nullptr, nullptr);
    ::ptrace(PTRACE_DETACH, parent, nullptr, nullptr);
  }

  std::promise<bool> ready_;
  std::thread thread_;
  bool works_ = false;
};

std::string status_of(int pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind(field, 0) == 0) return line.substr(field.size());
  return "";
}

std::vector<std::string> open_files(int pid) {
  std::vector<std::string> open;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    open.push_back(std::filesystem::read_symlink(entry.path(), gone).string());
  std::sort(open.begin(), open.end());
  return open;
}

}  // namespace

TEST_F(zygote, is_named_by_title_and_comm_and_is_the_one_helper) {
  ASSERT_NE(pid(), 0);
  EXPECT_TRUE(error_of_spawn().empty());  // it has come up by then
  const std::string title = "_zygote[" + std::to_string(::getpid()) + "]";
  EXPECT_EQ(command_line_of(pid()), title + '\0');
  EXPECT_EQ(comm_of(pid()), title.substr(0, 15));
}

TEST_F(zygote, has_one_thread_one_socket_and_no_signal_that_could_end_it) {
  ASSERT_TRUE(error_of_spawn().empty());
  std::vector<std::string> open;
  // It may still be putting down what came with the request when the child has ended already.
  const auto end = std::chrono::steady_clock::now() + 5s;
  do {
    open = open_files(pid());
  } while (open.size() != 4 && std::chrono::steady_clock::now() < end);
  ASSERT_EQ(open.size(), 4u);
  EXPECT_EQ(std::count(open.begin(), open.end(), "/dev/null"), 3);
  EXPECT_EQ(open.back().rfind("socket:", 0), 0u) << open.back();
  EXPECT_EQ(status_of(pid(), "Threads:"), "\t1");
  for (const int signo : {SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGTSTP, SIGQUIT}) send_signal(pid(), signo);
  EXPECT_TRUE(error_of_spawn().empty());
}

TEST_F(zygote, does_not_keep_a_pipe_of_its_actor_open) {
  // The fixture's zygote was forked before; this one when the pipe exists.
  report_pipe pipe;
  auto second = make_backend("fork_spawn");
  prepare(*second);
  EXPECT_EQ(pipe.read_all(), "");
  second->shutdown();
}

TEST_F(zygote, a_second_prepare_changes_nothing) {
  const int before = pid();
  prepare(*backend_);
  EXPECT_EQ(pid(), before);
}

TEST_F(zygote, its_death_is_named_in_each_later_spawn_and_a_new_one_can_be_prepared) {
  const std::string text = death_text("was killed by signal 9 (SIGKILL)");
  send_signal(pid(), SIGKILL);
  ASSERT_TRUE(gone_within(pid(), 5));
  EXPECT_EQ(error_of_spawn(), text + ": No such process");
  EXPECT_EQ(error_of_spawn(), text + ": No such process");
  EXPECT_TRUE(backend_->helper_pids().empty()) << "it is reaped";
  backend_->shutdown();
  prepare(*backend_);
  EXPECT_EQ(error_of_spawn(), "");
}

TEST_F(zygote, its_death_under_a_spawn_is_an_error_and_leaves_no_child) {
  send_signal(pid(), SIGSTOP);
  const std::string text = death_text("was killed by signal 9 (SIGKILL)");
  run_loop([&]() -> task<> {
    int refused = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 5; ++i)
        tn.start_soon([&]() -> task<> {
          const spawn_request wanted = request("exit 0");
          try {
            auto child = co_await backend_->spawn(wanted);
          } catch (const std::system_error& error) {
            if (error.what() == text + ": No such process") ++refused;
          }
        });
      co_await sleep(20ms);  // the requests lie in its queue now
      send_signal(pid(), SIGKILL);
    });
    EXPECT_EQ(refused, 5);
  });
  EXPECT_TRUE(no_children());
}

TEST_F(zygote, a_cancel_that_comes_while_the_answer_is_awaited_does_not_lose_the_child) {
  send_signal(pid(), SIGSTOP);
  run_loop([&]() -> task<> {
    const spawn_request wanted = request("exit 5");
    std::unique_ptr<child_process> child;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await move_on_after(10ms, [&]() -> task<> { child = co_await backend_->spawn(wanted); });
      });
      co_await sleep(50ms);
      EXPECT_FALSE(child);
      send_signal(pid(), SIGCONT);
    });
    EXPECT_TRUE(child);
    if (!child) co_return;
    const exit_status status = co_await child->wait();
    EXPECT_EQ(status.code(), 5);
  });
}

TEST_F(zygote, one_that_does_not_answer_is_ended_and_named) {
  send_signal(pid(), SIGSTOP);
  const int stopped = pid();
  const auto start = std::chrono::steady_clock::now();
  const std::string text = error_of_spawn();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 7s);
  EXPECT_NE(text.find("its zygote did not answer for 5 s and was ended"), std::string::npos) << text;
  EXPECT_NE(error_of_spawn().find("(pid " + std::to_string(stopped) + ") was killed by signal 9"),
            std::string::npos);
  EXPECT_TRUE(no_children());
}

TEST_F(zygote, a_child_that_is_stopped_at_its_birth_is_ended_alone) {
  const int before = pid();
  newborn_stopper stopper(before);
  if (!stopper.works()) GTEST_SKIP() << "processes may not be traced here";
  const std::string text = error_of_spawn();
  EXPECT_NE(text.find("it was not ready 5 s after its birth and was ended"), std::string::npos) << text;
  EXPECT_EQ(pid(), before);
  EXPECT_EQ(error_of_spawn(), "");
}

TEST_F(zygote, more_requests_than_its_queue_holds_are_all_served) {
  send_signal(pid(), SIGSTOP);
  int ended = 0;
  run_loop([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 200; ++i)
        tn.start_soon([&]() -> task<> {
          spawn_request wanted = request("exit 0");
          wanted.env.emplace_back("PADDING", std::string(20000, 'x'));
          auto child = co_await backend_->spawn(wanted);
          const exit_status status = co_await child->wait();
          if (status.success()) ++ended;
        });
      co_await sleep(20ms);
      send_signal(pid(), SIGCONT);
    });
  });
  EXPECT_EQ(ended, 200);
}

TEST_F(zygote, without_prepare_a_spawn_says_what_to_do) {
  backend_->shutdown();
  EXPECT_NE(error_of_spawn().find("fork_spawn: not prepared in this process"), std::string::npos);
}

TEST_F(zygote, a_change_of_session_after_prepare_is_refused) {
  report_pipe pipe;
  const int actor = ::fork();
  if (actor == 0) {
    auto own = make_backend("fork_spawn");
    prepare(*own);
    ::setsid();
    backend_ = std::move(own);
    const std::string text = error_of_spawn() + "\n";
    const bool told = ::write(pipe.child_end(), text.data(), text.size()) > 0;
    backend_->shutdown();
    ::_exit(told ? 0 : 1);
  }
  EXPECT_NE(pipe.read_all().find("changed its session after prepare"), std::string::npos);
  EXPECT_EQ(::waitpid(actor, nullptr, 0), actor);
}

TEST_F(zygote, is_gone_within_a_second_of_the_sigkill_of_its_actor) {
  report_pipe pipe;
  const int actor = ::fork();
  if (actor == 0) {
    auto own = make_backend("fork_spawn");
    prepare(*own);
    const std::string line = std::to_string(own->helper_pids().at(0)) + "\n";
    if (::write(pipe.child_end(), line.data(), line.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  const int helper = std::stoi(pipe.read_line());
  send_signal(actor, SIGKILL);
  EXPECT_TRUE(gone_within(helper, 1.0));
  EXPECT_EQ(::waitpid(actor, nullptr, 0), actor);
  ::waitpid(helper, nullptr, 0);  // ours where this process adopts
}

TEST_F(zygote, a_copy_of_the_backend_in_a_forked_process_leaves_it_alone) {
  const int copy = ::fork();
  if (copy == 0) {
    const bool unprepared = backend_->helper_pids().empty() &&
                            error_of_spawn().find("not prepared in this process") != std::string::npos;
    backend_->shutdown();
    ::_exit(unprepared ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(error_of_spawn(), "");
}

TEST_F(zygote, a_variable_that_no_exec_could_take_reaches_the_child) {
  report_pipe pipe;
  spawn_request wanted = request("state", &pipe);
  const std::string value(200'000, 'x');
  wanted.env.emplace_back("LONG", value);
  EXPECT_NE(report_of(wanted, pipe).find("variable LONG=" + value + "\n"), std::string::npos);
}

TEST_F(zygote, a_child_has_its_title_before_spawn_returns_in_comm_too) {
  run_loop([&]() -> task<> {
    const spawn_request wanted = request("sleep");
    auto child = co_await backend_->spawn(wanted);
    EXPECT_EQ(command_line_of(child->pid()), wanted.title + '\0') << "visible when spawn returns";
    EXPECT_EQ(comm_of(child->pid()), "_subactor[teste");
    child->signal(SIGKILL);
    co_await child->wait();
  });
}

TEST_F(zygote, a_title_longer_than_the_room_is_cut_and_harms_nothing) {
  report_pipe pipe;
  spawn_request wanted = request("state", &pipe);
  wanted.title = "_subactor[" + std::string(20000, 'n') + "]";
  EXPECT_NE(report_of(wanted, pipe).find("variable TRACTOR_TEST_DO=state\n"), std::string::npos);
}

}  // namespace backend_tests
