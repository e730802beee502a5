// The rules of plugin/spawn_backend.hpp for when things go wrong.
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

void a_batch_starts_all_or_none(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    std::vector<spawn_request> requests{request_for("sleep"), request_for("sleep"), request_for("sleep")};
    requests[2].fds.emplace_back(9999, 50);
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
    require_no_child(backend);
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

// Cancels a batch after that many turns of the loop.
task<> cancel_a_batch_at(int turn, prepared_backend& backend, const std::vector<spawn_request>& requests) {
  std::vector<std::unique_ptr<child_process>> children;
  cancel_scope scope;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await scope.run([&]() -> task<> { children = co_await backend->spawn_batch(requests); });
    });
    for (int i = 0; i < turn; ++i) co_await checkpoint();
    scope.cancel();
  });
  require(children.empty() || children.size() == requests.size(),
          "cancelled at turn " + std::to_string(turn) + ", a batch of " + std::to_string(requests.size()) +
              " yields " + std::to_string(children.size()));
  for (const auto& child : children) co_await end_child(*child);
}

void a_cancel_at_any_turn_leaves_nothing(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const std::vector<spawn_request> requests{request_for("sleep"), request_for("sleep")};
    for (int turn = 0; turn < 2000; turn += 1 + turn / 2) {
      co_await cancel_a_batch_at(turn, backend, requests);
      require_no_child(backend);
    }
  });
}

task<std::unique_ptr<child_process>> spawn_or_nothing(prepared_backend& backend,
                                                      const spawn_request& request) {
  std::unique_ptr<child_process> child;
  try {
    child = co_await backend->spawn(request);
  } catch (const std::system_error&) {
  }
  co_return child;
}

void a_lack_of_descriptors_leaves_nothing(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    for (int left = 0; left < 10; ++left) {
      std::unique_ptr<child_process> child;
      {
        const few_descriptors poor(left);
        child = co_await spawn_or_nothing(backend, request);
      }
      if (child) co_await end_child(*child);
      require_no_child(backend);
    }
    const auto child = co_await backend->spawn(request);
    co_await end_child(*child);
  });
}

// The helpers that are processes below this one: no other is touched.
std::vector<int> helpers_of(const prepared_backend& backend) {
  std::vector<int> helpers = backend->helper_pids();
  const auto below = harness::detail::descendants_of(::getpid());
  std::erase_if(helpers, [&](int pid) {
    return std::ranges::none_of(below, [&](const auto& each) { return each.pid == pid; });
  });
  if (helpers.empty()) throw not_applicable("the backend has no helpers");
  return helpers;
}

// Sends a signal and waits for what it does, if the helper is our own child, as it should be.
void strike(int helper, int number, int until) {
  ::kill(helper, number);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(helper), &info, until | WNOWAIT | __WALL);
}

void a_killed_helper_is_an_error(const subject& it) {
  prepared_backend backend(it);
  const std::vector<int> helpers = helpers_of(backend);
  for (const int helper : helpers) strike(helper, SIGKILL, WEXITED);
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    auto work = spawn_or_nothing(backend, request);
    auto got = co_await move_on_after(10s, std::move(work));
    require(!got.cancelled_caught(), "spawn() waits for a helper that was killed");
    if (*got) co_await end_child(**got);
  });
  backend.restart();
  run_loop([&]() -> task<> {
    const spawn_request request = request_for("sleep");
    const auto child = co_await backend->spawn(request);
    co_await end_child(*child);
    require_no_child(backend);
  });
}

void a_stopped_helper_is_ended(const subject& it) {
  prepared_backend backend(it);
  for (const int helper : helpers_of(backend)) strike(helper, SIGSTOP, WSTOPPED);
  const auto begin = std::chrono::steady_clock::now();
  backend->shutdown();
  const auto took = std::chrono::steady_clock::now() - begin;
  require(!has_children(), "a helper that was stopped is left");
  require(took < 5s, "shutdown() takes seconds to end a helper that was stopped");
}

}  // namespace

const std::vector<rule>& backend_fault_rules() {
  static const std::vector<rule> all = {
      {"batch_or_none", "a batch that cannot start whole starts none", a_batch_starts_all_or_none},
      {"many", "50 children live at once, and each tells its own end", many_children_live_at_once},
      {"cancel_turns", "a batch that is cancelled at any turn of the loop leaves no child",
       a_cancel_at_any_turn_leaves_nothing},
      {"spawn_emfile", "a lack of descriptors leaves no child, and passes",
       a_lack_of_descriptors_leaves_nothing},
      {"helper_killed", "without its helpers a backend fails in order, and prepare starts anew",
       a_killed_helper_is_an_error},
      {"helper_stopped", "shutdown ends a helper that does not answer", a_stopped_helper_is_ended},
  };
  return all;
}

}  // namespace tractor::conformance
