#include "children.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <vector>

#include "child.hpp"
#include "process_table.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::conformance {

prepared_backend::prepared_backend(const subject& it) : backend_(plugin::registry::instance().spawn(it.key)) {
  boot_.argc = it.argc;
  boot_.argv = it.argv;
  boot_.child_main = child_main;
  backend_.prepare(boot_);
}

void prepared_backend::restart() {
  backend_.shutdown();
  backend_.prepare(boot_);
}

spawn_request request_for(const std::string& life) {
  spawn_request made;
  made.title = child_title;
  made.env.emplace_back(life_variable, life);
  return made;
}

void expect_text(const std::string& what, const std::string& got, const std::string& wanted) {
  require(got == wanted, what + " is '" + got + "' and not '" + wanted + "'");
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

void require_no_child(const prepared_backend& backend) {
  const std::vector<int> helpers = backend->helper_pids();
  for (const auto& each : harness::detail::descendants_of(::getpid()))
    require(std::ranges::find(helpers, each.pid) != helpers.end(),
            "a child is left: pid " + std::to_string(each.pid) + " " + each.what);
}

task<std::unique_ptr<child_process>> child_that_is_ready(prepared_backend& backend) {
  report_pipe from;
  spawn_request request = request_for("ready");
  request.fds.emplace_back(from.child_end(), report_fd);
  auto child = co_await backend->spawn(request);
  from.read_to('\n');
  co_return child;
}

task<> end_child(child_process& child) {
  child.signal(SIGKILL);
  co_await child.wait();
}

std::map<std::string, std::string> state_of_a_child(prepared_backend& backend, spawn_request request) {
  report_pipe from;
  request.fds.emplace_back(from.child_end(), report_fd);
  std::string text;
  run_loop([&]() -> task<> {
    auto child = co_await backend->spawn(request);
    text = from.read_to('\0');
    const exit_status status = co_await child->wait();
    require(status.success(), "the child " + status.text());
  });
  std::map<std::string, std::string> state;
  std::istringstream lines(text);
  for (std::string name, value; lines >> name && std::getline(lines >> std::ws, value);) state[name] = value;
  return state;
}

}  // namespace tractor::conformance
