// What a child has from its parent: the same under every backend, and that of the call, not of the start.
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "state.hpp"
#include "support.hpp"

namespace backend_tests {

using tractor::spawn_request;
namespace {

class inheritance : public any_backend {};

void on_signal(int) {}

// A set of /proc/PID/status. glibc keeps 32 and 33 for its threads.
std::uint64_t signals_of(const std::string& state, const std::string& field) {
  return std::stoull(field_of(state, field).substr(field.size() + 1), nullptr, 16) & ~0x180000000ULL;
}

/// Changes everything that a child inherits, after the backend was prepared; puts it back at the end.
class changed_state {
 public:
  changed_state() : directory_(std::filesystem::current_path()) {
    std::filesystem::current_path(std::filesystem::temp_directory_path());
    mask_ = ::umask(0137);
    ::sched_getaffinity(0, sizeof cpus_, &cpus_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &cpus_)) {
        CPU_SET(cpu, &one);
        break;
      }
    ::sched_setaffinity(0, sizeof one, &one);
    ::getrlimit(RLIMIT_NOFILE, &files_);
    ::getrlimit(RLIMIT_MSGQUEUE, &queues_);
    const rlimit files{300, files_.rlim_max}, queues{4096, queues_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (queues_.rlim_max >= 4096) ::setrlimit(RLIMIT_MSGQUEUE, &queues);
    sigset_t block;
    ::sigemptyset(&block);
    ::sigaddset(&block, SIGUSR1);
    ::sigaddset(&block, SIGRTMIN + 3);
    ::pthread_sigmask(SIG_SETMASK, &block, &signals_);
    usr2_ = ::signal(SIGUSR2, SIG_IGN);
    hup_ = ::signal(SIGHUP, on_signal);
    pipe_ = ::signal(SIGPIPE, SIG_IGN);
    ::setenv("TRACTOR_TEST_LATE", "set after prepare", 1);
    ::setenv("TRACTOR_TEST_OVERRIDDEN", "no", 1);
  }
  changed_state(const changed_state&) = delete;
  changed_state& operator=(const changed_state&) = delete;
  ~changed_state() {
    ::unsetenv("TRACTOR_TEST_LATE");
    ::unsetenv("TRACTOR_TEST_OVERRIDDEN");
    ::signal(SIGPIPE, pipe_);
    ::signal(SIGHUP, hup_);
    ::signal(SIGUSR2, usr2_);
    ::pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
    ::setrlimit(RLIMIT_MSGQUEUE, &queues_);
    ::setrlimit(RLIMIT_NOFILE, &files_);
    ::sched_setaffinity(0, sizeof cpus_, &cpus_);
    ::umask(mask_);
    std::filesystem::current_path(directory_);
  }

 private:
  std::filesystem::path directory_;
  mode_t mask_;
  cpu_set_t cpus_;
  rlimit files_, queues_;
  sigset_t signals_;
  sighandler_t usr2_, hup_, pipe_;
};

}  // namespace

TEST_P(inheritance, a_child_inherits_the_state_of_the_call_field_by_field) {
  const changed_state changed;
  report_pipe pipe;
  spawn_request wanted = request("state", &pipe);
  wanted.env.emplace_back("TRACTOR_TEST_OVERRIDDEN", "yes=indeed");
  const std::string theirs = report_of(wanted, pipe);
  ::setenv("TRACTOR_TEST_DO", "state", 1);
  ::setenv("TRACTOR_TEST_OVERRIDDEN", "yes=indeed", 1);
  const std::string ours = process_state();
  ::unsetenv("TRACTOR_TEST_DO");
  for (const char* field :
       {"directory", "Umask", "Cpus_allowed", "limit", "SigBlk", "group", "session", "variable"}) {
    EXPECT_EQ(field_of(theirs, field), field_of(ours, field)) << field;
    EXPECT_FALSE(field_of(theirs, field).empty()) << field;
  }
  EXPECT_NE(field_of(theirs, "variable").find("TRACTOR_TEST_LATE=set after prepare"), std::string::npos);
}

TEST_P(inheritance, every_signal_is_at_its_default_but_an_ignored_sigpipe) {
  const changed_state changed;
  report_pipe pipe;
  const std::string theirs = report_of(request("state", &pipe), pipe);
  EXPECT_EQ(signals_of(theirs, "SigIgn"), std::uint64_t{1} << (SIGPIPE - 1)) << theirs;
  // A sanitizer catches SIGBUS, SIGFPE and SIGSEGV for itself as a program starts.
  EXPECT_EQ(signals_of(theirs, "SigCgt") & ~std::uint64_t{0x4c0}, 0u) << theirs;
}

TEST_P(inheritance, without_an_ignored_sigpipe_no_signal_is_ignored) {
  const sighandler_t before = ::signal(SIGPIPE, SIG_DFL);
  report_pipe pipe;
  const std::string theirs = report_of(request("state", &pipe), pipe);
  ::signal(SIGPIPE, before);
  EXPECT_EQ(signals_of(theirs, "SigIgn"), 0u) << theirs;
}

TEST_P(inheritance, a_request_may_name_another_directory_also_a_relative_one) {
  const changed_state changed;
  report_pipe first, second;
  spawn_request wanted = request("state", &first);
  wanted.working_directory = "/proc/sys";
  EXPECT_EQ(field_of(report_of(wanted, first), "directory"), "directory /proc/sys\n");
  wanted.working_directory = "..";
  wanted.fds = {{second.child_end(), report_fd}};
  const auto parent = std::filesystem::temp_directory_path().parent_path();
  EXPECT_EQ(field_of(report_of(wanted, second), "directory"),
            "directory " + std::filesystem::canonical(parent / ".").string() + "\n");
}

TEST_P(inheritance, an_environment_of_many_kilobytes_arrives_whole) {
  report_pipe pipe;
  spawn_request wanted = request("state", &pipe);
  for (int i = 0; i < 4; ++i)
    wanted.env.emplace_back("TRACTOR_TEST_BIG_" + std::to_string(i), std::string(60000, 'a' + i));
  const std::string theirs = report_of(wanted, pipe);
  for (const auto& [name, value] : wanted.env)
    EXPECT_NE(theirs.find("variable " + name + "=" + value + "\n"), std::string::npos) << name;
}

TEST_P(inheritance, the_title_is_the_whole_command_line_and_the_child_is_ours) {
  tractor::run_loop([&]() -> tractor::task<> {
    report_pipe pipe;
    const spawn_request wanted = request("sleep", &pipe);
    auto child = co_await backend_->spawn(wanted);
    EXPECT_EQ(pipe.read_line(), "up");
    EXPECT_EQ(command_line_of(child->pid()), wanted.title + '\0');
    child->signal(SIGKILL);
    co_await child->wait();
  });
}

TEST_P(inheritance, threads_locks_throwing_and_the_heap_work_in_a_child) {
  report_pipe pipe;
  EXPECT_EQ(report_of(request("runtime", &pipe), pipe), "100006 main\n");
}

TEST_P(inheritance, what_a_child_prints_is_not_lost_and_printed_once) {
  report_pipe pipe;
  spawn_request wanted = request("print");
  wanted.fds.emplace_back(pipe.child_end(), 1);
  EXPECT_EQ(report_of(wanted, pipe), "from printf\nfrom cout\n");
}

TEST_P(inheritance, a_child_can_be_an_actor_and_prepare_for_itself) {
  report_pipe pipe;
  spawn_request wanted = request("grandchild", &pipe);
  wanted.env.emplace_back("TRACTOR_TEST_BACKEND", key_);
  const std::string report = report_of(wanted, pipe);
  const std::string self = field_of(report, "self");
  ASSERT_EQ(self.find("failed"), std::string::npos) << report;
  EXPECT_NE(self.find(" alone"), std::string::npos) << report;
  const std::string pid = self.substr(5, self.find(' ', 5) - 5);
  EXPECT_EQ(field_of(report, "parent"), "parent " + pid + "\n");
  EXPECT_NE(report.find("exited with code 0"), std::string::npos) << report;
  EXPECT_EQ(field_of(report, "helper"), key_ == "fork_spawn" ? "helper _zygote[tester@0123abcd]\n" : "");
}

INSTANTIATE_TEST_SUITE_P(backends, inheritance, ::testing::Values("trio_like", "fork_spawn"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace backend_tests
