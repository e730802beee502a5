// The rules of plugin/spawn_backend.hpp and plugin/child_process.hpp for how children start and end.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>
#include <vector>

#include "children.hpp"
#include "process_table.hpp"
#include "rule.hpp"
#include "tasks.hpp"

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

bool is_our_child(int pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

void the_pid_is_that_of_the_child(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    const auto child = co_await backend->spawn(request);
    const int pid = child->pid();
    require(pid > 0 && is_our_child(pid), "spawn() has ended, and " + std::to_string(pid) + " is no child");
    ::kill(pid, SIGTERM);
    const exit_status status = co_await child->wait();
    expect_text("the end of the process pid()", status.text(), exit_status::signalled(SIGTERM).text());
    expect_text("pid() after the end", std::to_string(child->pid()), std::to_string(pid));
    require(!is_our_child(pid), "wait() has ended, and the child is not reaped");
  });
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

void waiting_is_a_checkpoint(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("exit 3");
    const auto child = co_await backend->spawn(request);
    const exit_status first = co_await child->wait();
    auto again = child->wait();
    const bool cut = co_await is_cut_off(std::move(again));
    require(cut, "wait() is no checkpoint when the child has ended");
    const exit_status last = co_await child->wait();
    expect_text("the end after a cancelled wait", last.text(), first.text());
  });
}

void require_refusal(const subject& it, const spawn_request& request, const std::string& otherwise) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    bool refused = false;
    try {
      auto child = co_await backend->spawn(request);
      co_await end_child(*child);
    } catch (const std::system_error&) {
      refused = true;
    }
    require(refused, otherwise);
    require_no_child(backend);
  });
}

void a_bad_request_is_refused(const subject& it) {
  spawn_request request = request_for("sleep");
  request.fds.emplace_back(9999, 50);
  require_refusal(it, request, "a descriptor that is not open is taken");
}

void a_bad_directory_is_refused(const subject& it) {
  spawn_request request = request_for("sleep");
  request.working_directory = "/proc/self/no such directory";
  require_refusal(it, request, "a working directory that is not there is taken");
}

void a_cancelled_spawn_leaves_nothing(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    auto work = backend->spawn(request);
    const bool cut = co_await is_cut_off(std::move(work));
    require(cut, "spawn() is no checkpoint");
    require_no_child(backend);
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

void helpers_are_known(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    const auto child = co_await backend->spawn(request);
    const auto below = harness::detail::descendants_of(::getpid());
    const std::vector<int> helpers = backend->helper_pids();
    co_await end_child(*child);
    for (const int helper : helpers)
      require(std::ranges::any_of(below, [&](const auto& each) { return each.pid == helper; }),
              "helper_pids() names " + std::to_string(helper) + ", which is no process below this one");
    require(std::ranges::find(helpers, child->pid()) == helpers.end(), "helper_pids() names a child");
    require_no_child(backend);
  });
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
      {"exit_code", "the exit code is told exactly, each time one asks", exit_codes_are_exact},
      {"exit_signal", "the signal that ended a child is told exactly", signals_are_exact},
      {"pid", "pid() is the child's, which is there at once and reaped by wait()",
       the_pid_is_that_of_the_child},
      {"signal", "a child lives past a cancelled wait, and a signal ends it", a_signal_ends_a_child},
      {"cancel_wait", "wait() is a checkpoint also after the end", waiting_is_a_checkpoint},
      {"bad_request", "a descriptor that is not open is refused", a_bad_request_is_refused},
      {"bad_cwd", "a working directory that is not there is refused", a_bad_directory_is_refused},
      {"cancel_spawn", "a cancelled spawn leaves no child", a_cancelled_spawn_leaves_nothing},
      {"batch", "a batch starts all, in order", a_batch_starts_all},
      {"helpers", "helper_pids() names the backend's own processes, and no other", helpers_are_known},
      {"shutdown", "shutdown ends the helpers, and prepare starts anew", shutdown_ends_the_helpers},
      {"scan", "scan() names no child with a living parent", backend_scan_spares_the_living},
  };
  return all;
}

}  // namespace tractor::conformance
