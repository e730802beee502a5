#include "ps_command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "actor_processes.hpp"
#include "json_text.hpp"
#include "table.hpp"

namespace tractor::cli {
namespace {

struct ps_options {
  bool json = false;
  bool helpers = false;
};

std::string mebibytes(std::uint64_t kib) {
  const std::uint64_t tenths = (kib * 10 + 512) / 1024;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& it : parts) out.append(out.empty() ? "" : " ").append(it);
  return out.empty() ? "-" : out;
}

int show(const ps_options& given, bool as_tree) {
  const std::vector<actor_process> all = find_actor_processes(given.helpers);
  std::string text;
  if (given.json) {
    text = json_of(all);
  } else if (all.empty()) {
    text = "no actor of yours is running\n";
  } else {
    std::vector<std::vector<std::string>> rows;
    if (as_tree)
      rows.push_back({"ACTOR", "PID", "STATE", "MEMORY MiB", "LISTENS"});
    else
      rows.push_back({"PID", "PARENT", "ROLE", "ACTOR", "STATE", "THREADS", "MEMORY MiB", "LISTENS"});
    for (const actor_process& one : all) {
      const std::string pid = std::to_string(one.pid), memory = mebibytes(one.pss_kib);
      if (as_tree)
        rows.push_back(
            {std::string(2 * one.depth, ' ') + one.name, pid, one.state, memory, joined(one.listens)});
      else
        rows.push_back({pid, std::to_string(one.parent), to_string(one.is), one.name, one.state,
                        std::to_string(one.threads), memory, joined(one.listens)});
    }
    text = table(rows);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

void add(CLI::App& app, int& result, const char* name, const char* help, bool as_tree) {
  CLI::App* const command = app.add_subcommand(name, help);
  const auto given = std::make_shared<ps_options>();
  command->add_flag("--json", given->json, "Write JSON, each parent before its children");
  command->add_flag("--helpers", given->helpers, "Also the processes that backends keep beside actors");
  command->footer(
      "Asks the kernel, not the actors: what is stopped or hangs is shown too.\n"
      "Memory counts a shared page in part for each of those who share it.");
  command->final_callback([=, &result] { result = show(*given, as_tree); });
}

}  // namespace

void add_ps_commands(CLI::App& app, int& result) {
  add(app, result, "ps", "Lists the actors of this user that are running, and their roots.", false);
  add(app, result, "tree", "Shows the running actors of this user as trees.", true);
}

}  // namespace tractor::cli
