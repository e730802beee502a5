#include "top_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actor_processes.hpp"
#include "json_text.hpp"
#include "live_screen.hpp"
#include "number_range.hpp"
#include "table.hpp"
#include "task_dumps.hpp"

namespace tractor::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct top_options {
  double interval = 1;
  bool once = false;
  bool json = false;
  bool helpers = false;
  bool tasks = false;
};

constexpr auto time_for_tasks = 500ms;

/// How much of a processor each process has used since the last look; at the first one, since its start.
class processor_use {
 public:
  void look(const std::vector<actor_process>& all) {
    const auto now = clock::now();
    const double passed = std::chrono::duration<double>(now - looked_).count();
    std::map<int, double> seconds;
    percent_.clear();
    for (const actor_process& one : all) {
      const auto before = seconds_.find(one.pid);
      const bool known = before != seconds_.end() && before->second <= one.cpu_seconds && passed > 0;
      const double used = known ? one.cpu_seconds - before->second : one.cpu_seconds;
      const double in = known ? passed : one.age_seconds;
      percent_[one.pid] = in > 0 ? 100 * used / in : 0;
      seconds[one.pid] = one.cpu_seconds;
    }
    seconds_ = std::move(seconds);
    looked_ = now;
  }

  std::string percent_of(int pid) const {
    char text[32];
    const auto found = percent_.find(pid);
    std::snprintf(text, sizeof text, "%.1f", found == percent_.end() ? 0. : found->second);
    return text;
  }

 private:
  std::map<int, double> seconds_, percent_;
  clock::time_point looked_{};
};

std::string age_text(double seconds) {
  const auto all = static_cast<long>(seconds);
  char text[48];
  if (all >= 86400)
    std::snprintf(text, sizeof text, "%ldd%02ldh", all / 86400, all / 3600 % 24);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", all / 3600, all / 60 % 60, all % 60);
  return text;
}

class top_view {
 public:
  explicit top_view(const top_options& given) : given_(given) {}

  std::string next() {
    std::vector<actor_process> all = find_actor_processes(given_.helpers);
    if (given_.tasks) add_task_counts(all, time_for_tasks);
    if (given_.json) return json_of(all);
    if (all.empty()) return "no actor of yours is running\n";
    use_.look(all);
    std::vector<std::vector<std::string>> rows = {{"ACTOR", "PID", "STATE", "TASKS", "CPU %", "RSS MiB",
                                                   "PSS MiB", "THREADS", "BACKEND", "TRANSPORT", "AGE"}};
    for (const actor_process& one : all)
      rows.push_back({std::string(2 * one.depth, ' ') + one.name, std::to_string(one.pid), one.state,
                      one.tasks ? std::to_string(*one.tasks) : "-", use_.percent_of(one.pid),
                      mebibytes(one.rss_kib), mebibytes(one.pss_kib), std::to_string(one.threads),
                      joined_or_dash(one.backends), joined_or_dash(one.transports),
                      age_text(one.age_seconds)});
    return table(std::move(rows));
  }

 private:
  const top_options& given_;
  processor_use use_;
};

int show(const top_options& given) {
  top_view view(given);
  if (given.once || given.json || ::isatty(STDOUT_FILENO) != 1) {
    std::fputs(view.next().c_str(), stdout);
    return 0;
  }
  live_screen screen;
  const auto interval =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(given.interval));
  while (screen.show(view.next(), interval) != live_screen::wish::quit) {
  }
  return 0;
}

}  // namespace

void add_top_command(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand("top", "Shows the running actors of this user live.");
  const auto given = std::make_shared<top_options>();
  command->add_option("--interval", given->interval, "Seconds from one look to the next")
      ->check(tools::number_range(0.1, 3600))
      ->capture_default_str();
  command->add_flag("--once,--batch", given->once,
                    "Write one screen as plain text, as it is done where no terminal is");
  command->add_flag("--json", given->json, "Write one look as JSON, each parent before its children");
  command->add_flag("--helpers", given->helpers, "Also the processes that backends keep beside actors");
  command->add_flag(
      "--tasks", given->tasks,
      "Also how many tasks each has: asks them by SIGUSR1, so that they write their tasks to stderr");
  command->footer(
      "q ends it; arrows and page keys scroll. CPU is of one processor, since the look before;\n"
      "at the first look, since the start of the process.\n"
      "Exit codes: 0 always (nobody may be running), 1 the terminal cannot be steered, 2 wrong usage.");
  command->final_callback([=, &result] { result = show(*given); });
}

}  // namespace tractor::cli
