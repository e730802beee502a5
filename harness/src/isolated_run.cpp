#include "isolated_run.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "artifacts.hpp"
#include "cleaner.hpp"
#include "hang_dump.hpp"
#include "hard_guard.hpp"
#include "process_table.hpp"
#include "progress.hpp"
#include "prompt_pause.hpp"
#include "run_folder.hpp"
#include "sandbox.hpp"
#include "session.hpp"
#include "tractor/harness/process.hpp"
#include "worker_report.hpp"

namespace tractor::harness::detail {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// Of each stream of a test; what is left out stands between its beginning and its end.
constexpr std::size_t most_output = 1024 * 1024;

// A scale below 1 is for tests that are to come too late, which makes no process faster.
std::chrono::nanoseconds time_to_answer(std::chrono::nanoseconds usual) {
  return std::max(usual, scaled(usual));
}

std::atomic<int> signal_seen = 0;

extern "C" void on_interrupt(int number) { signal_seen = number; }

/// Notes signals that end a run, for its time.
class interrupt_guard {
 public:
  interrupt_guard() {
    signal_seen = 0;
    struct sigaction action {};
    action.sa_handler = &on_interrupt;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      ::sigaction(numbers[i], nullptr, &before_[i]);
      // As `nohup` has it.
      if (numbers[i] != SIGHUP || before_[i].sa_handler != SIG_IGN) ::sigaction(numbers[i], &action, nullptr);
    }
  }
  interrupt_guard(const interrupt_guard&) = delete;
  ~interrupt_guard() {
    for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
  }

 private:
  static constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, numbers.size()> before_{};
};

std::atomic<bool> dump_asked = false;

extern "C" void on_dump_request(int) { dump_asked = true; }

/// Lets SIGUSR1 in, for its time and in this thread alone: it is blocked in this process, so that what is
/// started is born with it blocked.
class dump_requests {
 public:
  dump_requests() {
    struct sigaction action {};
    action.sa_handler = &on_dump_request;
    ::sigaction(SIGUSR1, &action, &before_);
    change_mask(SIG_UNBLOCK);
  }
  dump_requests(const dump_requests&) = delete;
  ~dump_requests() {
    change_mask(SIG_BLOCK);
    ::sigaction(SIGUSR1, &before_, nullptr);
  }

 private:
  static void change_mask(int how) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR1);
    ::pthread_sigmask(how, &set, nullptr);
  }

  struct sigaction before_ {};
};

/// The work that the threads of a run share.
class dealer {
 public:
  dealer(const isolated_run& run, const std::vector<worker_task>& tests) : run_(run), tests_(tests) {}

  void work(std::size_t number) {
    const std::string folder = run_.folder + "/" + std::to_string(number);
    for (;;) {
      const std::size_t at = next_++;
      if (at >= tests_.size() || stopped_ || signal_seen) return;
      finish(run_with_retries(tests_[at], folder));
    }
  }

  test_results take() { return std::move(results_); }

  run_state state() {
    run_state out;
    out.all = tests_.size();
    {
      const std::scoped_lock guard(finishing_);
      out.done = results_.size();
      out.failed = static_cast<std::size_t>(std::ranges::count_if(results_, is_bad, &test_result::what));
    }
    const std::scoped_lock guard(lock_);
    for (const auto& [pid, test] : workers_) out.running.push_back(test);
    return out;
  }

 private:
  test_result run_with_retries(const worker_task& test, const std::string& folder) {
    test_results attempts;
    do attempts.push_back(run_once(test, folder, attempts.size() + 1));
    while (is_repeated(attempts.back(), attempts.size()));
    if (attempts.size() == 1) return std::move(attempts.front());
    test_result out = summed_up(std::move(attempts));
    if (!run_.artifacts.empty()) keep(out, [&] { keep_output(out, run_.artifacts); });
    return out;
  }

  // A leak or a crash is a fault whatever comes next.
  bool is_repeated(const test_result& seen, std::size_t attempt) const {
    return attempt <= static_cast<std::size_t>(run_.retries) && !signal_seen && seen.left.empty() &&
           (seen.what == verdict::fail || seen.what == verdict::timeout);
  }

  test_result run_once(const worker_task& test, const std::string& folder, std::size_t attempt) {
    std::filesystem::create_directory(folder);
    command line(test.program);
    for (const std::string& word : run_.words) line.arg(word);
    line.arg("--gtest_filter=" + test.name, "--worker=" + folder);
    if (run_.foreground) line.foreground();
    line.keep_output(most_output);
    const auto begun = clock::now();
    std::optional<subprocess> worker;
    {
      const std::scoped_lock guard(lock_);
      worker.emplace(line);
      workers_.emplace(worker->pid(), running_test{test.name, worker->pid(), begun});
    }
    const std::string prompt_file = prompt_file_in(folder);
    prompt_pause prompts(prompt_file.c_str());
    const std::optional<exit_status> status = wait(*worker, begun + test.bound, prompts);
    const std::string seen = status ? "" : cut_short(*worker, prompts);
    const std::string left = end_what_is_left(worker->pid());
    test_result out = judge(test, status, read_report(folder));
    // What it told its stderr has no marks, and stands behind.
    out.output = output_of_test(worker->out(), test.name) + worker->err() + seen;
    if (!left.empty()) out.output += "ended by force:\n" + left;
    // One that crashed, or was ended from outside, had no time to tidy up.
    std::error_code unknown;
    const bool outlived =
        !left.empty() || (is_bad(out.what) && std::filesystem::exists(folder + rest_of_sandbox, unknown));
    if (outlived && status && out.what != verdict::crash)
      out.add_leak("its process was gone before what it had started");
    if (!out.left.empty()) out.reason += "; besides LEAK: " + out.left;
    out.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun);
    const std::size_t of_many = attempt > 1 || is_repeated(out, attempt) ? attempt : 0;
    if (is_bad(out.what) && !run_.artifacts.empty())
      keep(out, [&] { keep_artifacts(out, folder, run_.artifacts, of_many); });
    if (is_bad(out.what) && run_.keep_folders) keep_folder(out, folder);
    std::filesystem::remove_all(folder);
    return out;
  }

  // What cannot be kept is no reason to end the run, of which this is one thread.
  template <class F> static void keep(test_result& of, F how) {
    try {
      how();
    } catch (const std::exception& error) {
      of.output += std::string("its files are not kept: ") + error.what() + "\n";
    }
  }

  void keep_folder(test_result& of, const std::string& folder) {
    try {
      of.output += "its folder is kept: " + set_aside(folder, of.name) + "\n";
    } catch (const std::exception& error) {
      of.output += std::string("its folder is not kept: ") + error.what() + "\n";
    }
  }

  // In slices: a signal to this process is noticed soon.
  std::optional<exit_status> wait(subprocess& worker, clock::time_point until, prompt_pause& prompts) {
    while (!signal_seen) {
      if (clock::now() >= until) {
        const auto more = prompts.more();
        if (more <= more.zero()) break;
        until = clock::now() + more;
      }
      if (const auto status = worker.wait(std::min<clock::duration>(100ms, until - clock::now())))
        return status;
      if (dump_asked.exchange(false)) show_tasks();
    }
    return worker.status();
  }

  // In three rungs: it is looked at, asked to end, and killed. Returns what was seen, from outside: the
  // worker has failed to tell.
  std::string cut_short(subprocess& worker, prompt_pause& prompts) {
    std::string seen;
    if (!signal_seen) {
      tree_dump tree(worker.pid());
      const auto until = clock::now() + time_to_answer(time_for_tasks);
      while (!tree.complete() && clock::now() < until && !wait(worker, clock::now() + 5ms, prompts)) {
      }
      seen = "It did not end. Its processes, with the tasks of its actors:\n" + tree.text();
      worker.signal_tree(SIGINT);
      const bool ended = wait(worker, clock::now() + time_to_answer(1s), prompts).has_value();
      seen += ended ? "SIGINT ended it.\n" : "SIGINT did not end it, and it was killed.\n";
    }
    worker.kill_tree();
    return seen;
  }

  // The runner first: its workers, which pass it on to their actors, hear of it when the text is out.
  void show_tasks() {
    const std::string text = "tests that run now: " + progress_text(state());
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
    for (const process_info& each : descendants_of(::getpid()))
      if (each.what.find(worker_word) != each.what.npos) signal_process(each.pid, SIGUSR1);
  }

  // What came to us from a worker that has ended, that is what descends from none that runs.
  std::string end_what_is_left(pid_t ended) {
    std::set<pid_t> strangers;
    std::string text;
    const std::scoped_lock guard(lock_);
    workers_.erase(ended);
    for (const process_info& each : descendants_of(::getpid())) {
      if (each.parent != ::getpid() || workers_.contains(each.pid) || each.pid == ended) continue;
      if (each.pid == cleaner::pid()) continue;
      strangers.insert(each.pid);
      text += "  " + std::to_string(each.pid) + " " + each.what + "\n";
    }
    if (strangers.empty()) return text;
    std::set<pid_t> spared;
    for (const auto& [pid, test] : workers_) spared.insert(pid);
    kill_and_reap(strangers, 2s, spared);
    return text;
  }

  static test_result judge(const worker_task& test, const std::optional<exit_status>& status,
                           const std::optional<test_result>& report) {
    test_result out = report.value_or(test_result());
    out.name = test.name;
    out.program = test.program;
    // Of one that has crashed nothing better is known.
    if (out.file.empty()) out.file = test.file, out.line = test.line;
    // What it has told of leaks holds, however it ended.
    if (out.what == verdict::leak) out.left = out.reason;
    if (!status) {
      out.what = verdict::timeout;
      out.reason = "did not end, and was ended by force";
    } else if (status->code() == hard_guard_exit_code) {
      out.what = verdict::timeout;
      out.reason = "blocked its thread, and was ended by force";
    } else if (!report || (status->code().value_or(-1) != (is_bad(report->what) ? 1 : 0))) {
      out.what = verdict::crash;
      out.reason = "its process ended with " + status->text() +
                   (report ? " after the test had come to " + std::string(word_of(report->what))
                           : " before the test was over");
    } else if (out.what == verdict::leak) {
      out.left.clear();
    }
    return out;
  }

  void finish(test_result result) {
    const std::scoped_lock guard(finishing_);
    // What a signal to the runner has cut short says nothing of the test.
    if (signal_seen) return;
    if (is_bad(result.what) && run_.stop_at_failure) stopped_ = true;
    if (run_.on_result) run_.on_result(result);
    results_.push_back(std::move(result));
  }

  const isolated_run& run_;
  const std::vector<worker_task>& tests_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex lock_, finishing_;
  std::map<pid_t, running_test> workers_;
  test_results results_;
};

}  // namespace

int isolated_run::interrupted() noexcept { return signal_seen; }

test_results isolated_run::run(const std::vector<worker_task>& tests) const {
  const interrupt_guard guard;
  dealer work(*this, tests);
  std::optional<progress_watch> shown;
  if (watch) shown.emplace([&work] { return work.state(); }, 1s);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(std::max<std::size_t>(jobs, 1), tests.size()); ++i)
    threads.emplace_back([&work, i] { work.work(i); });
  const dump_requests from_here;
  for (std::thread& each : threads) each.join();
  return work.take();
}

}  // namespace tractor::harness::detail
