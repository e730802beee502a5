// The rules of plugin/spawn_backend.hpp and plugin/child_process.hpp.
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "child.hpp"
#include "children.hpp"
#include "rule.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

exit_status end_of(prepared_backend& backend, const std::string& life) {
  return run_loop([&]() -> task<exit_status> {
    const spawn_request request = request_for(life);
    auto child = co_await backend->spawn(request);
    const exit_status first = co_await child->wait();
    const exit_status again = co_await child->wait();
    expect_text("what the second wait() yields", again.text(), first.text());
    co_return first;
  });
}

void a_child_is_ours(const subject& it) {
  prepared_backend backend(it);
  auto state = state_of_a_child(backend, request_for("state"));
  expect_text("the parent of the child", state["parent"], std::to_string(::getpid()));
}

void exit_codes_are_exact(const subject& it) {
  prepared_backend backend(it);
  for (const int code : {0, 1, 3, 255})
    expect_text("the end", end_of(backend, "exit " + std::to_string(code)).text(),
                exit_status::exited(code).text());
}

void signals_are_exact(const subject& it) {
  prepared_backend backend(it);
  for (const int signo : {SIGKILL, SIGTERM})
    expect_text("the end", end_of(backend, "raise " + std::to_string(signo)).text(),
                exit_status::signalled(signo).text());
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

void descriptors_are_exact(const subject& it) {
  prepared_backend backend(it);
  const owned_fd extra(
      ::open("/dev/null", O_RDONLY));  // not closed on exec: a backend closes it all the same
  spawn_request request = request_for("state");
  request.fds.emplace_back(extra.get(), 77);
  expect_text("the list of descriptors", state_of_a_child(backend, request)["fds"],
              "0,1,2,77," + std::to_string(report_fd));
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

void a_signal_ends_a_child(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    auto child = co_await backend->spawn(request);
    const auto cut = co_await move_on_after(20ms, child->wait());
    require(cut.cancelled_caught(), "wait() ended before the child");
    child->signal(SIGKILL);
    const exit_status status = co_await child->wait();
    expect_text("the end", status.text(), exit_status::signalled(SIGKILL).text());
    child->signal(SIGKILL);
  });
}

void a_bad_request_is_refused(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    spawn_request request = request_for("sleep");
    request.fds.emplace_back(9999, 50);
    bool refused = false;
    try {
      auto child = co_await backend->spawn(request);
      child->signal(SIGKILL);
      co_await child->wait();
    } catch (const std::system_error&) {
      refused = true;
    }
    require(refused, "a descriptor that is not open is taken");
  });
}

void a_cancelled_spawn_leaves_nothing(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    const std::size_t helpers = backend->helper_pids().size();
    const auto cut = co_await move_on_after(0ms, [&]() -> task<> { co_await backend->spawn(request); });
    require(cut.cancelled_caught(), "spawn() is no checkpoint");
    require(helpers > 0 || !has_children(), "a child is left");
  });
}

void a_batch_starts_all(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const std::vector<spawn_request> requests{request_for("exit 1"), request_for("exit 2"),
                                              request_for("exit 3")};
    auto children = co_await backend->spawn_batch(requests);
    require(children.size() == 3, std::to_string(children.size()) + " children for 3 requests");
    for (int i = 0; i < 3; ++i) {
      const exit_status status = co_await children[static_cast<std::size_t>(i)]->wait();
      expect_text("the end", status.text(), exit_status::exited(i + 1).text());
    }
  });
}

void shutdown_ends_the_helpers(const subject& it) {
  for (int round = 0; round < 2; ++round) {
    prepared_backend backend(it);
    end_of(backend, "exit 0");
    backend->shutdown();
    backend->shutdown();
    require(backend->helper_pids().empty(), "helper_pids() still names one");
    require(!has_children(), "a child is left");
  }
}

void backend_scan_spares_the_living(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    auto child = co_await backend->spawn(request);
    bool named = false;
    for (const leftover& one : backend->scan()) named = named || one.pid == child->pid();
    child->signal(SIGKILL);
    co_await child->wait();
    require(!named, "a child with a living parent is named");
  });
}

}  // namespace

const std::vector<rule>& backend_rules() {
  static const std::vector<rule> all = {
      {"child", "a child is a child of the calling process", a_child_is_ours},
      {"exit_code", "the exit code is told exactly, each time one asks", exit_codes_are_exact},
      {"exit_signal", "the signal that ended a child is told exactly", signals_are_exact},
      {"env", "a child has the request's variables over the parent's", variables_are_set},
      {"cwd", "a child starts in the request's working directory", the_directory_is_set},
      {"stdio", "a child's standard streams are the parent's or those of the request",
       standard_streams_can_be_replaced},
      {"title", "a child has the request's title", the_title_is_set},
      {"fds", "a child has exactly the listed descriptors above 2", descriptors_are_exact},
      {"inherit", "umask, limits, processors and signals are those of the call",
       surroundings_are_those_of_the_call},
      {"signal", "a child lives past a cancelled wait, and a signal ends it", a_signal_ends_a_child},
      {"bad_request", "a descriptor that is not open is refused", a_bad_request_is_refused},
      {"cancel_spawn", "a cancelled spawn leaves no child", a_cancelled_spawn_leaves_nothing},
      {"batch", "a batch starts all, in order", a_batch_starts_all},
      {"shutdown", "shutdown ends the helpers, and prepare starts anew", shutdown_ends_the_helpers},
      {"scan", "scan() names no child with a living parent", backend_scan_spares_the_living},
  };
  return all;
}

}  // namespace tractor::conformance
