// The rules of plugin/spawn_backend.hpp for when things go wrong.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "children.hpp"
#include "process_table.hpp"
#include "rule.hpp"
#include "tractor/async/async.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void a_batch_starts_all_or_none(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    std::vector<spawn_request> requests{request_for("sleep"), request_for("sleep"), request_for("sleep")};
    requests[2].fds.emplace_back(9999, 50);
    const std::size_t helpers = backend->helper_pids().size();
    bool refused = false;
    try {
      auto children = co_await backend->spawn_batch(requests);
      for (const auto& child : children) {
        child->signal(SIGKILL);
        co_await child->wait();
      }
    } catch (const std::system_error&) {
      refused = true;
    }
    require(refused, "a batch with a request that cannot be met succeeds");
    // A helper is a child, too: the look for leaks finds others beside it.
    require(helpers > 0 || !backend->helper_pids().empty() || !has_children(), "a child is left");
  });
}

void many_children_live_at_once(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    std::vector<std::unique_ptr<child_process>> children;
    for (int i = 0; i < 50; ++i) children.push_back(co_await backend->spawn(request));
    for (const auto& child : children) child->signal(SIGTERM);
    for (const auto& child : children) {
      const exit_status status = co_await child->wait();
      expect_text("the end", status.text(), exit_status::signalled(SIGTERM).text());
    }
  });
}

// Starts a child of the backend and tells its own pid, that of the child and those of the helpers; then waits
// to be killed.
void be_a_parent(const subject& it, int report) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    const auto child = co_await backend->spawn(request);
    std::string text = std::to_string(::getpid()) + " " + std::to_string(child->pid());
    for (const int helper : backend->helper_pids()) text += " " + std::to_string(helper);
    text += "\n";
    if (::write(report, text.data(), text.size()) > 0) co_await sleep_forever();
  });
}

// A program of another name, to which orphans go as they would to an init, and the parent below it.
pid_t start_family(const subject& it, report_pipe& told) {
  const pid_t init = ::fork();
  if (init != 0) return init;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = ::fork();
  if (parent == 0) {
    try {
      be_a_parent(it, told.child_end());
    } catch (...) {
    }
    ::_exit(1);
  }
  ::execlp("sleep", "sleep", "60", nullptr);
  ::_exit(1);
}

// Those of `pids` that run: what ends here stays a zombie of the one that adopted it, which reaps nothing.
std::vector<pid_t> running(const std::vector<pid_t>& pids) {
  std::vector<pid_t> out;
  for (const auto& each : harness::detail::descendants_of(::getpid()))
    if (!each.zombie() && std::ranges::find(pids, each.pid) != pids.end()) out.push_back(each.pid);
  return out;
}

void a_killed_parent_leaves_nothing_that_scan_misses(const subject& it) {
  report_pipe told;
  const pid_t init = start_family(it, told);
  require(init > 0, "this process cannot fork");
  std::istringstream pids(told.read_to('\n'));
  pid_t parent = 0;
  std::vector<pid_t> below;
  pids >> parent;
  for (pid_t pid = 0; pids >> pid;) below.push_back(pid);
  std::string wrong;
  if (below.empty()) wrong = "a child of another process could not be started";
  if (parent > 0) ::kill(parent, SIGKILL);
  {
    prepared_backend backend(it);
    const auto until = std::chrono::steady_clock::now() + 3s;
    // Some end by themselves; the others are named, and ended on demand.
    for (;;) {
      below = running(below);
      if (below.empty() || std::chrono::steady_clock::now() > until) break;
      leftovers found = backend->scan();
      std::erase_if(found,
                    [&](const leftover& it) { return std::ranges::find(below, it.pid) == below.end(); });
      if (!found.empty()) backend->reap(found);
      std::this_thread::sleep_for(10ms);
    }
  }
  if (!below.empty())
    wrong = "pid " + std::to_string(below.front()) + " lives on, and reap(scan()) does not end it";
  ::kill(init, SIGKILL);
  ::waitpid(init, nullptr, 0);
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  require(wrong.empty(), wrong);
}

}  // namespace

const std::vector<rule>& backend_fault_rules() {
  static const std::vector<rule> all = {
      {"batch_or_none", "a batch that cannot start whole starts none", a_batch_starts_all_or_none},
      {"many", "50 children live at once, and each tells its own end", many_children_live_at_once},
      {"killed_parent", "what a killed parent leaves ends by itself or by reap(scan())",
       a_killed_parent_leaves_nothing_that_scan_misses},
  };
  return all;
}

}  // namespace tractor::conformance
