#include "plugins_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "json_text.hpp"
#include "plugin_trial.hpp"
#include "runtime_flags.hpp"
#include "table.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings.hpp"

namespace tractor::cli {
namespace {

using plugin::plugin_info;

struct plugins_options {
  const tools::runtime_flags* flags;
  std::string what;
  bool json = false;
};

std::string joined(const std::vector<std::string>& parts, const char* none) {
  std::string out;
  for (const auto& it : parts) out.append(out.empty() ? "" : ", ").append(it);
  return out.empty() ? none : out;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

plugin::registry open_registry(const plugins_options& given) {
  return plugin::registry(given.flags->resolve().plugin_folders());
}

// Loads the good ones to ask what they can do; a plugin that fails then is shown as refused.
std::vector<plugin_info> with_capabilities(plugin::registry& from, std::vector<plugin_info> all) {
  for (auto& it : all)
    if (it.good()) {
      plugin_info tried = check_apart(from, it.path);
      // One that cannot be loaded is known by its descriptor still.
      std::swap(it.fault, tried.fault);
      std::swap(it.reason, tried.reason);
      std::swap(it.capabilities, tried.capabilities);
    }
  return all;
}

std::string card(const plugin_info& it) {
  std::vector<std::vector<std::string>> rows{
      {"kind", it.kind.empty() ? "-" : it.kind},
      {"key", it.key.empty() ? "-" : it.key},
      {"aliases", joined(it.aliases, "-")},
      {"version", it.version.empty() ? "-" : it.version},
      {"summary", it.summary.empty() ? "-" : it.summary},
      {"abi", it.abi.empty() ? "-" : it.abi},
      {"capabilities", joined(it.capabilities, "-")},
      {"path", it.path},
      {"state", it.good() ? "good" : "refused: " + to_string(it.fault)},
  };
  if (!it.good()) rows.push_back({"reason", it.reason});
  return table(rows);
}

int list(const plugins_options& given) {
  auto from = open_registry(given);
  const auto all = with_capabilities(from, from.list());
  if (given.json) return print(json_of(all)), 0;
  std::vector<std::vector<std::string>> rows{
      {"KIND", "KEY", "ALIASES", "VERSION", "STATE", "CAPABILITIES", "PATH"}};
  std::string refused;
  for (const auto& it : all) {
    rows.push_back({it.kind, it.key, joined(it.aliases, "-"), it.version.empty() ? "-" : it.version,
                    it.good() ? "good" : "refused", joined(it.capabilities, "-"), it.path});
    if (!it.good()) refused += "refused (" + to_string(it.fault) + "): " + it.reason + "\n";
  }
  print(table(rows) + refused + "ABI of this kernel: " + std::string(plugin::compose_abi().view()) + "\n");
  return 0;
}

int show(const plugins_options& given) {
  auto from = open_registry(given);
  std::vector<plugin_info> found;
  std::vector<std::string> known;
  for (const auto& it : from.list()) {
    known.push_back(it.kind + " " + it.key);
    if (it.key == given.what || std::ranges::find(it.aliases, given.what) != it.aliases.end())
      found.push_back(it);
  }
  if (found.empty()) {
    std::fprintf(stderr, "tractor: no plugin has the key or alias '%s': known are %s\n", given.what.c_str(),
                 joined(known, "none").c_str());
    return 1;
  }
  found = with_capabilities(from, found);
  if (given.json) {
    print(json_of(found));
  } else {
    for (const auto& it : found) print((&it == &found.front() ? "" : "\n") + card(it));
  }
  return std::ranges::all_of(found, &plugin_info::good) ? 0 : 1;
}

int check(const plugins_options& given) {
  auto from = open_registry(given);
  const plugin_info it = check_apart(from, std::filesystem::absolute(given.what).lexically_normal().string());
  print(given.json ? json_of(std::vector{it}) : card(it));
  return it.good() ? 0 : 1;
}

}  // namespace

void add_plugins_command(CLI::App& app, const tools::runtime_flags& flags, int& result) {
  const auto given = std::make_shared<plugins_options>();
  given->flags = &flags;
  CLI::App* const plugins = app.add_subcommand("plugins", "Shows the plugins that programs would find.");
  plugins->require_subcommand(0, 1);
  plugins->add_flag("--json", given->json, "Write JSON");
  plugins->footer(
      "Exit codes: 0 all is well (list: always), 1 a plugin is refused or unknown, 2 wrong usage.");

  CLI::App* const list_it = plugins->add_subcommand("list", "Lists all plugins on the path (the default).");
  CLI::App* const show_it = plugins->add_subcommand("show", "Shows all of one plugin.");
  show_it->add_option("KEY", given->what, "Key or alias")->required();
  CLI::App* const check_it =
      plugins->add_subcommand("check", "Loads one file and says whether it is a good plugin.");
  check_it->add_option("FILE", given->what, "Path of the plugin")->required();
  for (CLI::App* it : {list_it, show_it, check_it}) it->fallthrough();

  plugins->final_callback([=, &result] {
    if (*show_it)
      result = show(*given);
    else if (*check_it)
      result = check(*given);
    else
      result = list(*given);
  });
}

}  // namespace tractor::cli
