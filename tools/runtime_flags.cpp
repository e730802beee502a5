#include "runtime_flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::tools {
namespace {

constexpr std::string_view folders_flag = "--plugin-path";

std::vector<CLI::App*> commands_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void add_names(std::vector<std::string>& to, const CLI::App& app) {
  for (const CLI::App* const one : commands_of(app)) {
    to.push_back(one->get_name());
    add_names(to, *one);
  }
}

std::string absolute_folders(const std::string& list) {
  std::string out;
  std::istringstream in(list);
  for (std::string folder; std::getline(in, folder, ':');)
    if (!folder.empty())
      out.append(out.empty() ? "" : ":").append(std::filesystem::absolute(folder).string());
  return out;
}

void make_folders_absolute(std::vector<std::string>& words) {
  const std::string with_value = std::string(folders_flag) + "=";
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at].starts_with(with_value))
      words[at] = with_value + absolute_folders(words[at].substr(with_value.size()));
    else if (words[at] == folders_flag && at + 1 < words.size() && !words[at + 1].starts_with('-'))
      words[at + 1] = absolute_folders(words[at + 1]);
  }
}

parsed_flags parse(const std::vector<std::string>& words, const std::vector<std::string>& commands) {
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_runtime_flags(static_cast<int>(argv.size()), argv.data(), commands);
}

}  // namespace

std::vector<std::string> runtime_flags::take(int argc, const char* const* argv, const CLI::App& app) {
  words_.assign(argv, argv + argc);
  // What stands after `--` is for the tool, and so is the word itself: flags end there.
  const auto end = std::find(words_.begin(), words_.end(), "--");
  const std::vector<std::string> after(end, words_.end());
  words_.erase(end, words_.end());
  commands_.clear();
  add_names(commands_, app);
  std::vector<std::string> words = words_;
  make_folders_absolute(words);
  parsed_ = parse(words, commands_);
  given_ = parsed_.rest.size() + 1 < words.size();
  std::vector<std::string> rest = parsed_.rest;
  rest.insert(rest.end(), after.begin(), after.end());
  return rest;
}

void runtime_flags::require_as_in_programs() const { parse(words_, commands_); }

void runtime_flags::apply() const {
  const settings chosen = resolve();
  chosen.apply_log_levels();
  try {
    plugin::registry::instance().set_folders(chosen.plugin_folders());
  } catch (const plugin::plugin_error& error) {
    throw settings_error(error.what());
  }
}

void runtime_flags::try_to_apply() const {
  try {
    apply();
  } catch (const settings_error&) {
    if (given_) throw;
  }
}

void show_runtime_flags(CLI::App& app) {
  const std::string flags = "Flags of the runtime, which all programs take:\n" + runtime_flags_help();
  std::string footer = app.get_footer();
  const std::size_t codes = std::min(footer.find("Exit codes: "), footer.size());
  footer.insert(codes, (codes > 0 ? "\n" : "") + flags + (codes < footer.size() ? "\n" : ""));
  app.footer(footer);
  for (CLI::App* const one : commands_of(app)) show_runtime_flags(*one);
}

std::vector<shown_flag> shown_runtime_flags() {
  std::vector<shown_flag> out;
  std::istringstream in(runtime_flags_help());
  // "  --name VALUE   what it does"
  for (std::string line; std::getline(in, line);) {
    const std::size_t name = line.find("--"), help = line.rfind("  ");
    if (name == line.npos || help == line.npos) continue;
    out.push_back({line.substr(name + 2, line.find(' ', name) - name - 2), line.substr(help + 2)});
  }
  return out;
}

}  // namespace tractor::tools
