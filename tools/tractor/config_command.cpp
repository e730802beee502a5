#include "config_command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "json_text.hpp"
#include "table.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::cli {
namespace {

int show(const std::vector<std::string>& words, bool json) {
  std::vector<const char*> argv{"tractor"};
  for (const auto& it : words) argv.push_back(it.c_str());
  const parsed_flags flags = parse_runtime_flags(static_cast<int>(argv.size()), argv.data());
  refuse_unknown(flags);
  settings merged = resolve_settings(flags);
  // What is wrong is shown with the rest, which may say why.
  std::string complaint;
  try {
    resolve_keys(merged);
  } catch (const settings_error& error) {
    complaint = error.what();
  }
  std::vector<settings::row> rows = merged.describe();
  for (const auto& it : merged.plugin_folders().folders())
    rows.push_back({"plugin folder", it.path, it.origin});
  std::vector<std::vector<std::string>> lines{{"SETTING", "VALUE", "ORIGIN"}};
  for (const auto& it : rows) lines.push_back({it.name, it.value.empty() ? "-" : it.value, it.origin});
  std::fputs((json ? json_of(rows) : table(lines)).c_str(), stdout);
  if (!json)
    for (const auto& it : merged.notices()) std::fprintf(stderr, "tractor: %s\n", it.c_str());
  if (complaint.empty()) return 0;
  std::fprintf(stderr, "tractor: %s\n", complaint.c_str());
  return 2;
}

}  // namespace

void add_config_command(CLI::App& app, int& result) {
  CLI::App* const config = app.add_subcommand(
      "config", "Shows the settings that a program would run with, and where each comes from.");
  const auto json = std::make_shared<bool>(false), show_it = std::make_shared<bool>(true);
  config->add_flag("--show", *show_it, "Show each setting with where it comes from, as without it");
  config->add_flag("--json", *json, "Write JSON");
  config->allow_extras();
  config->fallthrough(false);
  config->footer(
      "Takes the flags of the runtime:\n" + runtime_flags_help() +
      "\nExit codes: 0 they are shown, 2 wrong usage, a file or a variable that cannot be read, or "
      "a\nbackend or a transport that no plugin has.");
  config->final_callback([=, &result] { result = show(config->remaining(), *json); });
}

}  // namespace tractor::cli
