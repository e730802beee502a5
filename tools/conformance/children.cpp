#include "children.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include "child.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::conformance {

prepared_backend::prepared_backend(const subject& it) : backend_(plugin::registry::instance().spawn(it.key)) {
  boot_info boot;
  boot.argc = it.argc;
  boot.argv = it.argv;
  boot.child_main = child_main;
  backend_.prepare(boot);
}

report_pipe::report_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
}

std::string report_pipe::read_to(char last) {
  write_.reset();
  std::string all;
  for (char c = 0; ::read(read_.get(), &c, 1) == 1 && c != last;) all += c;
  return all;
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
