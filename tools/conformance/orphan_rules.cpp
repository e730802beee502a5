// The rules of plugin/spawn_backend.hpp for what a killed parent leaves.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "child.hpp"
#include "children.hpp"
#include "process_table.hpp"
#include "rule.hpp"
#include "tractor/async/async.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

using pids = std::vector<pid_t>;

// Starts two children of the backend, one of which SIGINT does not end, and tells the pids: its own, theirs,
// those of the helpers. Then waits to be killed.
void be_a_parent(const subject& it, report_pipe& told) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    report_pipe ready;
    spawn_request stubborn = request_for("stubborn");
    stubborn.fds.emplace_back(ready.child_end(), report_fd);
    const spawn_request polite = request_for("sleep");
    const auto one = co_await backend->spawn(polite);
    const auto two = co_await backend->spawn(stubborn);
    ready.read_to('\n');
    std::string text =
        std::to_string(::getpid()) + " " + std::to_string(one->pid()) + " " + std::to_string(two->pid());
    for (const int helper : backend->helper_pids()) text += " " + std::to_string(helper);
    told.tell(text);
    co_await sleep_forever();
  });
}

/// A parent that was killed and what it left, below a program of another name, to which orphans go as they
/// would to an init. Neither copied nor moved.
class orphaned_family {
 public:
  explicit orphaned_family(const subject& it) {
    report_pipe told;
    init_ = start(it, told);
    require(init_ > 0, "this process cannot fork");
    std::istringstream line(told.read_to('\n'));
    pid_t parent = 0;
    line >> parent >> polite_ >> stubborn_;
    if (!line) {
      end();
      throw broken("a child of another process could not be started");
    }
    all_ = {polite_, stubborn_};
    for (pid_t pid = 0; line >> pid;) all_.push_back(pid);
    ::kill(parent, SIGKILL);
  }
  orphaned_family(const orphaned_family&) = delete;
  orphaned_family& operator=(const orphaned_family&) = delete;
  ~orphaned_family() { end(); }

  pid_t polite() const noexcept { return polite_; }
  pid_t stubborn() const noexcept { return stubborn_; }
  /// Those that run: what ends here stays a zombie of the one that adopted it, which reaps nothing.
  pids running() const {
    pids out;
    for (const auto& each : harness::detail::descendants_of(::getpid()))
      if (!each.zombie() && std::ranges::find(all_, each.pid) != all_.end()) out.push_back(each.pid);
    return out;
  }
  /// What `scan` names of the family.
  leftovers found_by(prepared_backend& backend) const {
    leftovers found = backend->scan();
    std::erase_if(found, [&](const leftover& it) { return std::ranges::find(all_, it.pid) == all_.end(); });
    return found;
  }

 private:
  static pid_t start(const subject& it, report_pipe& told) {
    const pid_t init = ::fork();
    if (init != 0) return init;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (::fork() == 0) {
      try {
        be_a_parent(it, told);
      } catch (...) {
      }
      ::_exit(1);
    }
    ::execlp("sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }
  void end() noexcept {
    ::kill(init_, SIGKILL);
    ::waitpid(init_, nullptr, 0);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }

  pid_t init_ = -1, polite_ = 0, stubborn_ = 0;
  pids all_;
};

// Asks until `done` holds, for three seconds at most.
template <class F> void ask_until(const F& done) {
  const auto until = std::chrono::steady_clock::now() + 3s;
  while (!done() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
}

void a_killed_parent_leaves_nothing_that_scan_misses(const subject& it) {
  const orphaned_family family(it);
  prepared_backend backend(it);
  // Some end by themselves; the others are named, and ended on demand.
  ask_until([&] {
    if (const leftovers found = family.found_by(backend); !found.empty()) backend->reap(found, 50ms);
    return family.running().empty();
  });
  const pids left = family.running();
  require(left.empty(), "pid " + (left.empty() ? "" : std::to_string(left.front())) +
                            " lives on, and reap(scan()) does not end it");
}

bool has_pid(const leftovers& all, pid_t pid) {
  return std::ranges::any_of(all, [&](const leftover& one) { return one.pid == pid; });
}

void force_comes_after_the_grace(const subject& it) {
  const orphaned_family family(it);
  prepared_backend backend(it);
  leftovers found;
  ask_until([&] {
    found = family.found_by(backend);
    const bool both = has_pid(found, family.polite()) && has_pid(found, family.stubborn());
    return both || family.running().empty();
  });
  if (family.running().empty()) throw not_applicable("orphans end by themselves");
  require(has_pid(found, family.polite()) && has_pid(found, family.stubborn()), "scan() misses an orphan");
  for (const leftover& one : found)
    require(one.kind == "process" && !one.name.empty() && !one.detail.empty(),
            "an orphan is named without kind, name or reason: " + one.kind + " " + one.name);
  const auto begin = std::chrono::steady_clock::now();
  const reap_report report = backend->reap(found, 300ms);
  const auto took = std::chrono::steady_clock::now() - begin;
  require(has_pid(report.removed, family.polite()), "an orphan that ends when asked is not told as removed");
  require(has_pid(report.killed, family.stubborn()), "one that SIGINT does not end is not told as killed");
  require(took >= 300ms, "force comes before the grace of 300 ms has passed");
  require(family.running().empty(), "an orphan lives on");
}

// What it is given is true in all but that the parent is gone; or the pid is that of another by now.
void reap_spares_children(const subject& it) {
  prepared_backend backend(it);
  run_loop([&]() -> task<> {
    const auto child = co_await child_that_is_ready(backend);
    for (const char* const title : {child_title.c_str(), "_subactor[another@00000000]"}) {
      const leftovers made_up{leftover("process", title, child->pid(), "made up")};
      const reap_report report = backend->reap(made_up, 50ms);
      require(report.removed.empty() && report.killed.empty(),
              std::string("a child with a living parent is said to be gone, as ") + title);
      for (const leftover& one : report.failed)
        require(!one.detail.empty(), "reap() does not say why it leaves " + one.name);
    }
    child->signal(SIGTERM);
    const exit_status status = co_await child->wait();
    expect_text("the end", status.text(), exit_status::signalled(SIGTERM).text());
  });
}

}  // namespace

const std::vector<rule>& orphan_rules() {
  static const std::vector<rule> all = {
      {"killed_parent", "what a killed parent leaves ends by itself or by reap(scan())",
       a_killed_parent_leaves_nothing_that_scan_misses},
      {"reap_grace", "reap() asks an orphan, and ends it by force after the grace",
       force_comes_after_the_grace},
      {"reap_living", "reap() refuses a child with a living parent, and a pid of another",
       reap_spares_children},
  };
  return all;
}

}  // namespace tractor::conformance
