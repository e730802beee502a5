#include "ps_command.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>

#include "actor_processes.hpp"
#include "json_text.hpp"
#include "table.hpp"
#include "task_dumps.hpp"

namespace tractor::cli {
namespace {

struct ps_options {
  bool json = false;
  bool helpers = false;
  bool tasks = false;
};

constexpr std::chrono::seconds time_to_answer{2};

std::vector<std::vector<std::string>> rows_of(const std::vector<actor_process>& all, bool as_tree,
                                              bool tasks) {
  std::vector<std::vector<std::string>> rows;
  if (as_tree)
    rows.push_back({"ACTOR", "PID", "STATE"});
  else
    rows.push_back({"PID", "PARENT", "ROLE", "ACTOR", "STATE", "THREADS"});
  const std::vector<std::string> rest = {"MEMORY MiB", "BACKEND", "TRANSPORT", "LISTENS"};
  if (tasks) rows.back().push_back("TASKS");
  rows.back().insert(rows.back().end(), rest.begin(), rest.end());
  for (const actor_process& one : all) {
    const std::string pid = std::to_string(one.pid);
    if (as_tree)
      rows.push_back({std::string(2 * one.depth, ' ') + one.name, pid, one.state});
    else
      rows.push_back({pid, std::to_string(one.parent), to_string(one.is), one.name, one.state,
                      std::to_string(one.threads)});
    if (tasks) rows.back().push_back(one.tasks ? std::to_string(*one.tasks) : "-");
    for (const std::string& cell : {mebibytes(one.pss_kib), joined_or_dash(one.backends),
                                    joined_or_dash(one.transports), joined_or_dash(one.listens)})
      rows.back().push_back(cell);
  }
  return rows;
}

int show(const ps_options& given, bool as_tree) {
  std::vector<actor_process> all = find_actor_processes(given.helpers);
  if (given.tasks) add_task_counts(all, time_to_answer);
  std::string text;
  if (given.json)
    text = json_of(all);
  else if (all.empty())
    text = "no actor of yours is running\n";
  else
    text = table(rows_of(all, as_tree, given.tasks));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

void add(CLI::App& app, int& result, const char* name, const char* help, bool as_tree) {
  CLI::App* const command = app.add_subcommand(name, help);
  const auto given = std::make_shared<ps_options>();
  command->add_flag("--json", given->json, "Write JSON, each parent before its children");
  command->add_flag("--helpers", given->helpers, "Also the processes that backends keep beside actors");
  command->add_flag(
      "--tasks", given->tasks,
      "Also how many tasks each has: asks them by SIGUSR1, so that they write their tasks to stderr");
  command->footer(
      "Asks the kernel, not the actors: what is stopped or hangs is shown too.\n"
      "BACKEND and TRANSPORT are the plugins that it has loaded.\n"
      "Memory counts a shared page in part for each of those who share it.\n"
      "Exit codes: 0 always (nobody may be running), 2 wrong usage.");
  command->final_callback([=, &result] { result = show(*given, as_tree); });
}

}  // namespace

void add_ps_commands(CLI::App& app, int& result) {
  add(app, result, "ps", "Lists the actors of this user that are running, and their roots.", false);
  add(app, result, "tree", "Shows the running actors of this user as trees.", true);
}

}  // namespace tractor::cli
