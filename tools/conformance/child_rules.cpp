// The rules of plugin/spawn_backend.hpp for what a child is born with.
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <vector>

#include "child.hpp"
#include "children.hpp"
#include "rule.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::conformance {
namespace {

void a_child_is_ours(const subject& it) {
  prepared_backend backend(it);
  auto state = state_of_a_child(backend, request_for("state"));
  expect_text("the parent of the child", state["parent"], std::to_string(::getpid()));
}

void a_child_starts_as_promised(const subject& it) {
  prepared_backend backend(it);
  const bool fresh = has(backend->caps(), spawn_capability::fresh_exec);
  const bool copy = has(backend->caps(), spawn_capability::fork);
  auto state = state_of_a_child(backend, request_for("state"));
  if (fresh == copy) throw not_applicable("caps() does not say which of both ways a child starts");
  expect_text("a child of this program", state["born"], fresh ? "fresh" : "a copy");
}

void variables_are_set(const subject& it) {
  prepared_backend backend(it);
  ::setenv("TRACTOR_CONFORMANCE_A", "of the parent, late", 1);
  ::setenv("TRACTOR_CONFORMANCE_B", "of the parent", 1);
  spawn_request request = request_for("state");
  request.env.emplace_back("TRACTOR_CONFORMANCE_B", "of the request");
  auto state = state_of_a_child(backend, request);
  ::unsetenv("TRACTOR_CONFORMANCE_A");
  ::unsetenv("TRACTOR_CONFORMANCE_B");
  expect_text("a variable of the parent", state["env_a"], "of the parent, late");
  expect_text("a variable of the request", state["env_b"], "of the request");
}

void the_directory_is_set(const subject& it) {
  prepared_backend backend(it);
  spawn_request request = request_for("state");
  request.working_directory = "/";
  expect_text("the working directory", state_of_a_child(backend, request)["cwd"], "/");
}

void the_directory_of_the_call_is_inherited(const subject& it) {
  prepared_backend backend(it);
  const std::filesystem::path before = std::filesystem::current_path();
  const std::string other = before == "/" ? "/dev" : "/";
  std::filesystem::current_path(other);
  auto state = state_of_a_child(backend, request_for("state"));
  std::filesystem::current_path(before);
  expect_text("the working directory, which the request leaves open,", state["cwd"], other);
}

void standard_streams_can_be_replaced(const subject& it) {
  prepared_backend backend(it);
  report_pipe in;
  spawn_request request = request_for("state");
  request.fds.emplace_back(in.child_end(), 0);
  const std::string pipe = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(in.child_end()));
  const std::string err = std::filesystem::read_symlink("/proc/self/fd/2");
  auto state = state_of_a_child(backend, request);
  expect_text("stdin, which is listed,", state["stdin"], pipe);
  expect_text("stderr, which is not listed,", state["stderr"], err);
}

void the_title_is_set(const subject& it) {
  prepared_backend backend(it);
  auto state = state_of_a_child(backend, request_for("state"));
  expect_text("argv", state["title"], child_title);
  expect_text("comm", state["comm"], child_title.substr(0, 15));
}

// Of an actor with a long name.
void a_long_title_is_whole(const subject& it) {
  prepared_backend backend(it);
  spawn_request request = request_for("state");
  request.title = "_subactor[" + std::string(80, 'n') + "@c0ffee00]";
  auto state = state_of_a_child(backend, request);
  expect_text("argv", state["title"], request.title);
  expect_text("comm", state["comm"], request.title.substr(0, 15));
}

void descriptors_are_exact(const subject& it) {
  prepared_backend backend(it);
  const owned_fd extra(
      ::open("/dev/null", O_RDONLY));  // not closed on exec: a backend closes it all the same
  spawn_request request = request_for("state");
  request.fds.emplace_back(extra.get(), 77);
  expect_text("the list of descriptors", state_of_a_child(backend, request)["fds"],
              "0,1,2,77," + std::to_string(report_fd));
}

std::string target_of(int fd) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
}

// Each number is wanted by the other one, in the order that a list of single steps gets wrong.
void descriptors_can_change_places(const subject& it) {
  prepared_backend backend(it);
  const report_pipe one, two;
  const int first = one.child_end(), second = two.child_end();
  spawn_request request = request_for("state");
  request.fds.emplace_back(first, second);
  request.fds.emplace_back(second, first);
  const std::string wanted_first = std::to_string(first) + "=" + target_of(second);
  const std::string wanted_second = std::to_string(second) + "=" + target_of(first);
  const std::string got = " " + state_of_a_child(backend, request)["targets"] + " ";
  require(names(got, " " + wanted_first + " ") && names(got, " " + wanted_second + " "),
          "the child has" + got + "and not " + wanted_first + " " + wanted_second);
}

void surroundings_are_those_of_the_call(const subject& it) {
  prepared_backend backend(it);
  const mode_t mask = ::umask(0137);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const rlimit fewer{300, files.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &fewer);
  sigset_t block, old;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &block, &old);
  const auto usr2 = ::signal(SIGUSR2, SIG_IGN);
  cpu_set_t all, one;
  ::sched_getaffinity(0, sizeof all, &all);
  CPU_ZERO(&one);
  for (int cpu = CPU_SETSIZE; cpu-- > 0 && CPU_COUNT(&one) == 0;)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  ::sched_setaffinity(0, sizeof one, &one);
  auto state = state_of_a_child(backend, request_for("state"));
  ::sched_setaffinity(0, sizeof all, &all);
  ::signal(SIGUSR2, usr2);
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::umask(mask);
  expect_text("the umask", state["umask"], std::to_string(0137));
  expect_text("the limit of open files", state["files"], "300");
  expect_text("the number of processors", state["cpus"], "1");
  expect_text("SIGUSR1, blocked by the parent,", state["usr1"], "blocked");
  expect_text("SIGUSR2, ignored by the parent,", state["usr2"], "default");
}

void limits_are_those_of_the_call(const subject& it) {
  prepared_backend backend(it);
  std::vector<rlimit> before;
  std::string wanted;
  for (const int which : lowered_limits) {
    const auto resource = static_cast<__rlimit_resource_t>(which);
    rlimit now{};
    ::getrlimit(resource, &now);
    before.push_back(now);
    now.rlim_cur = std::min<rlim_t>(now.rlim_max, 4321);
    ::setrlimit(resource, &now);
    wanted.append(wanted.empty() ? "" : " ").append(std::to_string(now.rlim_cur));
  }
  auto state = state_of_a_child(backend, request_for("state"));
  for (std::size_t i = 0; i < before.size(); ++i)
    ::setrlimit(static_cast<__rlimit_resource_t>(lowered_limits[i]), &before[i]);
  expect_text("the list of limits (time, core, queues)", state["limits"], wanted);
}

// Ignores every signal that can be, but for SIGCHLD, without which no child's end is told; puts all back.
class deaf_process {
 public:
  deaf_process() {
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction old {};
      if (number == SIGCHLD || ::sigaction(number, nullptr, &old) != 0) continue;
      if (::signal(number, SIG_IGN) != SIG_ERR) before_[number] = old;
    }
    sigset_t some;
    ::sigemptyset(&some);
    for (const int number : {SIGUSR1, SIGHUP, SIGRTMAX}) ::sigaddset(&some, number);
    ::pthread_sigmask(SIG_BLOCK, &some, &mask_);
  }
  deaf_process(const deaf_process&) = delete;
  deaf_process& operator=(const deaf_process&) = delete;
  ~deaf_process() {
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    for (const auto& [number, old] : before_) ::sigaction(number, &old, nullptr);
  }

 private:
  std::map<int, struct sigaction> before_;
  sigset_t mask_;
};

void only_sigpipe_stays_ignored(const subject& it) {
  prepared_backend backend(it);
  std::string ignored, not_ignored, blocked, wanted;
  {
    const deaf_process deaf;
    wanted = signal_set("SigBlk");
    auto state = state_of_a_child(backend, request_for("state"));
    ignored = state["ignored"], blocked = state["blocked"];
    ::signal(SIGPIPE, SIG_DFL);
    not_ignored = state_of_a_child(backend, request_for("state"))["ignored"];
  }
  expect_text("the set of blocked signals", blocked, wanted);
  expect_text("the set of ignored signals, SIGPIPE being ignored by the parent,", ignored,
              "0000000000001000");
  expect_text("the set of ignored signals, SIGPIPE not being ignored by the parent,", not_ignored,
              "0000000000000000");
}

}  // namespace

const std::vector<rule>& child_rules() {
  static const std::vector<rule> all = {
      {"child", "a child is a child of the calling process", a_child_is_ours},
      {"caps", "a child starts in the way that caps() says", a_child_starts_as_promised},
      {"env", "a child has the request's variables over the parent's", variables_are_set},
      {"cwd", "a child starts in the request's working directory", the_directory_is_set},
      {"cwd_of_call", "without one it starts in that of the parent at the call",
       the_directory_of_the_call_is_inherited},
      {"stdio", "a child's standard streams are the parent's or those of the request",
       standard_streams_can_be_replaced},
      {"title", "a child has the request's title", the_title_is_set},
      {"long_title", "a title of 100 characters is whole", a_long_title_is_whole},
      {"fds", "a child has exactly the listed descriptors above 2", descriptors_are_exact},
      {"fds_swapped", "descriptors can change places", descriptors_can_change_places},
      {"inherit", "umask, limits, processors and signals are those of the call",
       surroundings_are_those_of_the_call},
      {"limits", "other limits are those of the call, too", limits_are_those_of_the_call},
      {"signals", "a child ignores no signal but SIGPIPE, and blocks what its parent blocks",
       only_sigpipe_stays_ignored},
  };
  return all;
}

}  // namespace tractor::conformance
