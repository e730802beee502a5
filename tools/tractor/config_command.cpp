#include "config_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>

#include "json_text.hpp"
#include "runtime_flags.hpp"
#include "table.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::cli {
namespace {

int show(const tools::runtime_flags& flags, const std::vector<std::string>& words, bool json) {
  flags.require_as_in_programs();
  parsed_flags others;
  std::ranges::copy_if(words, std::back_inserter(others.unknown),
                       [](const std::string& word) { return word.starts_with('-'); });
  refuse_unknown(others);
  settings merged = flags.resolve();
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

void add_config_command(CLI::App& app, const tools::runtime_flags& flags, int& result) {
  CLI::App* const config = app.add_subcommand(
      "config", "Shows the settings that a program would run with, and where each comes from.");
  const auto json = std::make_shared<bool>(false), show_it = std::make_shared<bool>(true);
  config->add_flag("--show", *show_it, "Show each setting with where it comes from, as without it");
  config->add_flag("--json", *json, "Write JSON");
  config->allow_extras();
  config->fallthrough(false);
  config->footer(
      "Exit codes: 0 they are shown, 2 wrong usage, a file or a variable that cannot be read, or "
      "a\nbackend or a transport that no plugin has.");
  config->final_callback([=, &flags, &result] { result = show(flags, config->remaining(), *json); });
}

}  // namespace tractor::cli
