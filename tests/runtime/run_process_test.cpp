#include "tractor/runtime/run_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "../log/captured_log.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace run_process_test {

using namespace tractor;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

process_command shell(const std::string& script) {
  process_command command("sh");
  command.args("-c", script).label("tag");
  return command;
}

/// Runs `body` on the real clock, and not for longer than any of it may take on a busy machine.
template <class Body> void within_bound(Body&& body) {
  run_loop([&]() -> task<> { co_await fail_after(30s, body); });
}

/// The log at the level of relayed lines; each as "LEVEL subsystem message".
class relay_log : public log::test::captured_log {
 public:
  relay_log() { log::apply(log::parse_spec("runtime:io")); }
};

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// True when this process has no child at all, not even a dead one.
bool no_child_is_left() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

/// Reads all that is in a pipe whose writers are gone.
std::string drain(int fd) {
  std::string out;
  char room[4096];
  for (ssize_t got; (got = ::read(fd, room, sizeof room)) > 0;)
    out.append(room, static_cast<std::size_t>(got));
  return out;
}

class test_pipe {
 public:
  test_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  owned_fd out, in;
};

/// Orphans of this process become its children, so that a test can see how they ended.
class as_subreaper {
 public:
  as_subreaper() {
    ::prctl(PR_GET_CHILD_SUBREAPER, &before_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  as_subreaper(const as_subreaper&) = delete;
  ~as_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, before_); }

 private:
  int before_ = 0;
};

/// Runs a script with its stdout in a pipe; yields what it wrote there.
std::string stdout_of(process_command command) {
  test_pipe pipe;
  command.stdout_to(pipe.in.get());
  within_bound([&]() -> task<> { co_await supervise_run_process(command); });
  pipe.in.reset();
  return drain(pipe.out.get());
}

}  // namespace

TEST(run_process, stdout_relayed_per_line) {
  relay_log log;
  within_bound([]() -> task<> {
    auto command = shell("echo one; printf 'two\\r\\n\\n'; printf three; echo never >&2");
    const exit_status how = co_await supervise_run_process(command.relay_stdout());
    EXPECT_TRUE(how.success());
  });
  EXPECT_EQ(log.lines, (std::vector<std::string>{"IO runtime tag: one", "IO runtime tag: two",
                                                 "IO runtime tag: ", "IO runtime tag: three"}));
}

TEST(run_process, lines_come_while_it_runs_and_at_the_level_that_is_asked_for) {
  relay_log log;
  within_bound([&]() -> task<> {
    // It ends when it can read a line, which it never can: only the cancel after its line ends it.
    auto command = shell("echo up; exec sleep 1000");
    command.relay_stdout().relay_level(log::level::warning).label("server");
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      co_await tn.start(&start_run_process, command);
      while (log.lines.empty()) co_await sleep(1ms);
      tn.scope().cancel();
    });
  });
  EXPECT_EQ(log.lines, std::vector<std::string>{"WARNING runtime server: up"});
}

TEST(run_process, parent_tty_isolated) {
  const std::string said = stdout_of(
      shell("readlink /proc/$$/fd/0; cut -d' ' -f1,6,7 /proc/$$/stat; sh -c ': < /dev/tty' || echo no tty"));
  std::istringstream in(said);
  std::string null;
  int pid = 0, session = 0, terminal = -1;
  in >> null >> pid >> session >> terminal;
  EXPECT_EQ(null, "/dev/null");
  EXPECT_EQ(session, pid);
  EXPECT_EQ(terminal, 0);
  EXPECT_THAT(said, HasSubstr("no tty"));

  relay_log log;
  within_bound([]() -> task<> {
    auto command = shell("out=$(readlink /proc/$$/fd/1); echo \"$out\" >&2; echo gone");
    co_await supervise_run_process(command.relay_stderr());
  });
  EXPECT_EQ(log.lines, std::vector<std::string>{"IO runtime tag (stderr): /dev/null"});
}

TEST(run_process, no_deadlock_on_big_unnewlined_output) {
  relay_log log;
  within_bound([]() -> task<> {
    auto command = shell("head -c 200000 /dev/zero | tr '\\0' x; head -c 200000 /dev/zero | tr '\\0' y >&2");
    co_await supervise_run_process(command.relay_stdout().relay_stderr());
  });
  std::size_t x = 0, y = 0, longest = 0;
  for (const std::string& line : log.lines) {
    x += static_cast<std::size_t>(std::count(line.begin(), line.end(), 'x'));
    y += static_cast<std::size_t>(std::count(line.begin(), line.end(), 'y'));
    longest = std::max(longest, line.size());
  }
  EXPECT_EQ(x, 200000u);
  EXPECT_EQ(y, 200000u);
  EXPECT_LT(longest, 8300u);
}

TEST(run_process, stderr_relay_and_cpe_rebuild) {
  relay_log log;
  std::string what;
  within_bound([&]() -> task<> {
    auto command = shell("echo first >&2; echo last words >&2; exit 3");
    try {
      co_await supervise_run_process(command.relay_stderr());
    } catch (const process_failed& error) {
      what = error.what();
      EXPECT_EQ(error.label(), "tag");
      EXPECT_EQ(error.status().code(), 3);
      EXPECT_EQ(error.stderr_tail(), "first\nlast words\n");
    }
  });
  EXPECT_EQ(
      what,
      "'tag' exited with code 3 (sh -c echo first >&2; echo last words >&2; exit 3); the last it wrote to "
      "stderr:\nfirst\nlast words");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"IO runtime tag (stderr): first",
                                                 "IO runtime tag (stderr): last words"}));
}

TEST(run_process, nonrelay_cpe_note) {
  relay_log log;
  within_bound([]() -> task<> {
    auto result = co_await capture(supervise_run_process(shell("echo last words >&2; kill -9 $$")));
    const std::string text = describe(result.error());
    EXPECT_THAT(text, HasSubstr("was killed by signal 9"));
    EXPECT_THAT(text, HasSubstr("stderr:\nlast words"));
  });
  EXPECT_TRUE(log.lines.empty());
}

TEST(run_process, the_tail_of_stderr_is_the_last_16_kib_from_a_whole_line_on) {
  within_bound([]() -> task<> {
    try {
      co_await supervise_run_process(shell("seq 1 20000 >&2; exit 1"));
      ADD_FAILURE();
    } catch (const process_failed& error) {
      const std::string& tail = error.stderr_tail();
      EXPECT_LE(tail.size(), 16u * 1024);
      EXPECT_GT(tail.size(), 16u * 1024 - 10);
      EXPECT_TRUE(tail.ends_with("\n19999\n20000\n"));
      EXPECT_EQ(tail.find('\n'), 5u);
    }
  });
}

TEST(run_process, without_check_a_bad_end_is_a_status) {
  within_bound([]() -> task<> {
    const exit_status how = co_await supervise_run_process(shell("exit 7").check(false));
    EXPECT_EQ(how.code(), 7);
  });
}

TEST(run_process, a_program_that_is_not_there_is_named_and_leaves_nothing) {
  const std::size_t before = open_descriptors();
  // Of a folder that is closed to this user nobody can say what is in there.
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/usr/bin:/bin", 1);
  within_bound([]() -> task<> {
    auto result = co_await capture(supervise_run_process(process_command("no-such-program-anywhere")));
    EXPECT_TRUE(is_error<std::system_error>(result.error()));
    EXPECT_THAT(describe(result.error()),
                HasSubstr("cannot run 'no-such-program-anywhere': exec: No such file"));
    auto elsewhere =
        co_await capture(supervise_run_process(shell("true").working_directory("/no/such/folder")));
    EXPECT_THAT(describe(elsewhere.error()), HasSubstr("/no/such/folder"));
    auto both = co_await capture(supervise_run_process(shell("true").relay_stdout().stdout_to(1)));
    EXPECT_TRUE(is_error<std::invalid_argument>(both.error()));
  });
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(no_child_is_left());
}

TEST(run_process, a_cancel_asks_it_to_end_and_waits_for_that) {
  relay_log log;
  within_bound([&]() -> task<> {
    auto command =
        shell("trap 'echo asked; sleep 0.1; echo ended; exit 0' TERM; echo up; while :; do sleep 0.01; done");
    command.relay_stdout().grace(20s);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      co_await tn.start(&start_run_process, command);
      while (log.lines.empty()) co_await sleep(1ms);
      tn.scope().cancel();
    });
  });
  EXPECT_EQ(log.lines, (std::vector<std::string>{"IO runtime tag: up", "IO runtime tag: asked",
                                                 "IO runtime tag: ended"}));
  EXPECT_TRUE(no_child_is_left());
}

TEST(run_process, one_that_does_not_end_when_it_is_asked_is_killed_after_the_grace) {
  relay_log log;
  within_bound([&]() -> task<> {
    auto command = shell("trap '' TERM; echo up; exec sleep 1000");
    command.relay_stdout().grace(50ms);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      co_await tn.start(&start_run_process, command);
      while (log.lines.empty()) co_await sleep(1ms);
      tn.scope().cancel();
    });
  });
  EXPECT_TRUE(no_child_is_left());
}

TEST(run_process, one_that_is_stopped_ends_too) {
  within_bound([]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      const int pid = co_await tn.start(&start_run_process, process_command("sleep").arg("1000").grace(20s));
      ::kill(pid, SIGSTOP);
      tn.scope().cancel();
    });
  });
  EXPECT_TRUE(no_child_is_left());
}

TEST(run_process, what_a_program_left_running_in_its_group_is_killed) {
  as_subreaper here;
  const std::string said = stdout_of(shell("sleep 1000 & echo $!; exit 0"));
  const int pid = std::stoi(said);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(run_process, a_descendant_that_escaped_with_our_pipe_does_not_keep_us) {
  as_subreaper here;
  const std::string file = ::testing::TempDir() + "escaped." + std::to_string(::getpid());
  within_bound([&]() -> task<> {
    auto command = shell("setsid sleep 1000 & echo $! > " + file);
    co_await fail_after(20s, supervise_run_process(command.relay_stdout()));
  });
  int pid = 0;
  std::ifstream(file) >> pid;
  std::filesystem::remove(file);
  ASSERT_GT(pid, 0);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST(run_process, it_gets_its_variables_its_folder_and_no_descriptor_of_ours) {
  const test_pipe inherited;
  ::fcntl(inherited.in.get(), F_SETFD, 0);  // not closed on exec
  const std::string said =
      stdout_of(shell("echo $TAG; pwd; exec ls /proc/self/fd").env("TAG", "a b").working_directory("/"));
  EXPECT_EQ(said, "a b\n/\n0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(run_process, no_signal_is_blocked_or_ignored_in_it) {
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const std::string said = stdout_of(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  ::signal(SIGPIPE, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::istringstream words(said);
  std::string blocked, ignored, name;
  words >> name >> blocked >> name >> ignored;
  EXPECT_EQ(blocked, "0000000000000000") << said;
  // glibc keeps 32 and 33 for its threads, and a program that posix_spawn started has one of them ignored.
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & ~0x180000000ULL, 0u) << said;
}

TEST(run_process, in_a_nursery_its_failure_cancels_the_others) {
  within_bound([]() -> task<> {
    auto result = co_await capture(open_task_nursery([](task_nursery& tn) -> task<> {
      const int pid = co_await tn.start(&start_run_process, shell("exec sleep 1000"));
      EXPECT_GT(pid, 0);
      co_await tn.start(&start_run_process, shell("exit 4"));
      co_await sleep_forever();
    }));
    EXPECT_TRUE(is_error<process_failed>(result.error()));
  });
  EXPECT_TRUE(no_child_is_left());
}

// asio may hand a new descriptor the event of one that was closed in the same turn.
TEST(run_process, one_after_the_other_each_comes_to_its_own_end) {
  within_bound([]() -> task<> {
    for (int i = 0; i < 100; ++i) {
      const exit_status how = co_await supervise_run_process(shell("echo x >&2; exit 3").check(false));
      EXPECT_EQ(how.text(), exit_status::exited(3).text());
    }
  });
}

TEST(run_process, many_at_once_leave_no_descriptor_and_no_child) {
  const std::size_t before = open_descriptors();
  within_bound([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      for (int i = 0; i < 20; ++i)
        tn.start_soon([]() -> task<> { co_await supervise_run_process(shell("echo x >&2")); });
      co_return;
    });
  });
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(no_child_is_left());
}

TEST(run_process, it_dies_with_the_process_that_runs_it) {
  as_subreaper here;
  test_pipe pipe;
  const int helper = ::fork();
  if (helper == 0) {
    run_loop([&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        const int pid = co_await tn.start(&start_run_process, process_command("sleep").arg("1000"));
        if (::write(pipe.in.get(), &pid, sizeof pid) != sizeof pid) ::_exit(1);
      });
    });
    ::_exit(0);
  }
  int pid = 0;
  ASSERT_EQ(::read(pipe.out.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ::kill(helper, SIGKILL);
  EXPECT_EQ(::waitpid(helper, nullptr, 0), helper);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace run_process_test
