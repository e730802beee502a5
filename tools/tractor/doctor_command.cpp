#include "doctor_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "json_text.hpp"
#include "machine_checks.hpp"
#include "table.hpp"

namespace tractor::cli {
namespace {

int examine(bool json) {
  const std::vector<machine_check> all = check_machine();
  std::string text;
  if (json) {
    text = json_of(all);
  } else {
    std::vector<std::vector<std::string>> rows{{"VERDICT", "WHAT", "FOUND"}};
    for (const auto& it : all) rows.push_back({to_string(it.is), it.name, it.value});
    text = table(rows);
    for (const auto& it : all)
      if (!it.means.empty()) text += it.name + ": " + it.means + "\n";
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::any_of(all.begin(), all.end(),
                     [](const machine_check& it) { return it.is == machine_check::verdict::missing; })
             ? 1
             : 0;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& result) {
  CLI::App* const doctor = app.add_subcommand("doctor", "Tells what of this machine limits trees of actors.");
  const auto json = std::make_shared<bool>(false);
  doctor->add_flag("--json", *json, "Write JSON");
  doctor->footer(
      "Exit codes: 0 actors can run, 1 something is missing without which they cannot, 2 wrong usage.");
  doctor->final_callback([=, &result] { result = examine(*json); });
}

}  // namespace tractor::cli
