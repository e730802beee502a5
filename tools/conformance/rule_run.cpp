#include "rule_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <functional>
#include <set>
#include <system_error>

#include "leaks.hpp"
#include "process_table.hpp"
#include "session.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::conformance {
namespace {

using clock = std::chrono::steady_clock;

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void report(int fd, const std::string& verdict, const std::string& detail) {
  const std::string text = verdict + '\n' + one_line(detail);
  if (::write(fd, text.data(), text.size()) < 0) ::_exit(1);
}

// The files of this program's folder are looked at, too, and the plugin itself is asked.
void look_for_what_it_leaves(const subject& of) {
  harness::session all;
  all.folder = of.scratch;
  (of.kind == "transport" ? all.transports : all.backends).push_back(of.key);
  harness::detail::set_session(std::move(all));
}

// In the new process: the plugin is loaded first, so that what it sets up once counts as no leak.
void prove_and_report(const rule& it, const subject& of, int fd) {
  std::string verdict = "PASS", detail;
  try {
    harness::detail::adopt_orphans();
    look_for_what_it_leaves(of);
    if (of.kind == "transport")
      plugin::registry::instance().transport(of.key);
    else
      plugin::registry::instance().spawn(of.key);
    const harness::detail::baseline before;
    try {
      it.prove(of);
    } catch (const not_applicable& reason) {
      verdict = "SKIP", detail = reason.what();
    } catch (const std::exception& error) {
      verdict = "FAIL", detail = error.what();
    }
    std::string left;
    for (const std::string& leak : before.leaks()) left.append(left.empty() ? "" : "; ").append(leak);
    // A broken rule is the cause, and what it left the effect.
    if (!left.empty() && verdict != "FAIL") verdict = "LEAK", detail = left;
  } catch (const std::exception& error) {
    verdict = "FAIL", detail = error.what();
  }
  report(fd, verdict, detail);
}

// What the process wrote until its end or `until`; false if it came too late.
bool read_until(int fd, clock::time_point until, std::string& all) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char buffer[4096];
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) return true;
    all.append(buffer, static_cast<std::size_t>(n));
  }
}

outcome judge(bool in_time, const std::string& said, int status, std::chrono::milliseconds bound) {
  const std::size_t end = said.find('\n');
  if (end != said.npos) return {said.substr(0, end), said.substr(end + 1), {}};
  if (!in_time) return {"TIMEOUT", "not done after " + std::to_string(bound.count()) + " ms", {}};
  if (WIFSIGNALED(status)) return {"CRASH", std::string("killed by ") + ::strsignal(WTERMSIG(status)), {}};
  return {"CRASH", "exited with code " + std::to_string(WEXITSTATUS(status)) + " before a verdict", {}};
}

// Yields what it says by the descriptor that it is given.
outcome run_in_a_process(const std::function<void(int)>& body, std::chrono::milliseconds bound) {
  const auto begin = clock::now();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  owned_fd from(ends[0]), to(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    from.reset();
    body(to.get());
    ::_exit(0);
  }
  to.reset();
  std::string said;
  const bool in_time = read_until(from.get(), begin + bound, said);
  int status = 0;
  if (in_time) ::waitpid(pid, &status, 0);
  // What the process left comes to this one.
  std::set<pid_t> victims;
  for (const auto& process : harness::detail::descendants_of(::getpid())) victims.insert(process.pid);
  if (!victims.empty()) harness::detail::kill_and_reap(victims, std::chrono::seconds(5));
  outcome result = judge(in_time, said, status, bound);
  result.time = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
  return result;
}

}  // namespace

outcome run_rule(const rule& it, const subject& of, std::chrono::milliseconds bound) {
  return run_in_a_process([&](int fd) { prove_and_report(it, of, fd); }, bound);
}

void run_once(void (*work)(const subject&), const subject& of, std::chrono::milliseconds bound) {
  run_in_a_process([&](int) { work(of); }, bound);
}

}  // namespace tractor::conformance
