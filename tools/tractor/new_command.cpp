#include "new_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "new_folder.hpp"
#include "runtime_flags.hpp"
#include "skeletons.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings.hpp"

namespace tractor::cli {
namespace {

namespace fs = std::filesystem;

struct new_options {
  std::string key, folder;
};

int refuse_new(const std::string& why) {
  std::fprintf(stderr, "tractor: %s\n", why.c_str());
  return 2;
}

std::string with_key(std::string_view text, std::string_view placeholder, std::string_view key) {
  std::string out;
  for (;;) {
    const auto at = text.find(placeholder);
    out += text.substr(0, at);
    if (at == text.npos) return out;
    out += key;
    text.remove_prefix(at + placeholder.size());
  }
}

// The plugin that has the key or alias already; an empty path if none has.
plugin::plugin_info taken_by(const tools::runtime_flags& flags, const std::string& kind,
                             const std::string& key) {
  plugin::registry found(flags.resolve().plugin_folders());
  for (plugin::plugin_info& each : found.list())
    if (each.kind == kind && (each.key == key || std::ranges::count(each.aliases, key) > 0))
      return std::move(each);
  return {};
}

int write_project(const tools::runtime_flags& flags, const skeleton& what, const new_options& given) {
  if (!plugin::is_key(given.key))
    return refuse_new("'" + given.key + "' is no key for a plugin: at most " +
                      std::to_string(sizeof(tractor_plugin_descriptor::key) - 1) +
                      " small letters, digits and _, with a letter first");
  const std::string kind = &what == &transport_skeleton ? "transport" : "spawn";
  if (const plugin::plugin_info other = taken_by(flags, kind, given.key); !other.path.empty())
    return refuse_new("the key '" + given.key + "' is taken by " + other.path +
                      ": of two plugins with one key none is used");
  const std::string shown = given.folder.empty() ? "./" + given.key : given.folder;
  const fs::path folder = fs::absolute(shown);
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder, error))) {
    if (!fs::is_directory(folder, error)) return refuse_new("'" + shown + "' is there and is no folder");
    const bool empty = fs::is_empty(folder, error);
    if (error) throw std::system_error(error, "cannot look into the folder '" + shown + "'");
    if (!empty) return refuse_new("the folder '" + shown + "' is not empty");
  }
  new_folder project(folder);
  for (const skeleton_file& it : what.files) project.write(it.name, with_key(it.text, what.key, given.key));
  project.keep();
  std::printf("%s: the %.*s '%s'; its README.md says how to build it\n", shown.c_str(),
              static_cast<int>(what.kind.size()), what.kind.data(), given.key.c_str());
  return 0;
}

}  // namespace

void add_new_command(CLI::App& app, const tools::runtime_flags& flags, int& result) {
  CLI::App* const make = app.add_subcommand("new", "Writes a small project of a plugin that works as it is.");
  make->require_subcommand(0, 1);
  make->footer(
      "Exit codes: 0 it is written, 1 it cannot be written, 2 wrong usage, or the folder or the key is in "
      "use.");
  // Otherwise a key like `plugins` would be taken for the command of that name.
  make->fallthrough(false);
  const auto add = [&](const char* name, const char* help, const skeleton& what) {
    const auto given = std::make_shared<new_options>();
    CLI::App* const it = make->add_subcommand(name, help);
    it->add_option("NAME", given->key, "Key of the plugin: small letters, digits and _")->required();
    it->add_option("--in", given->folder, "Folder for the project, new or empty (default: ./NAME)");
    it->final_callback([=, &flags, &what, &result] { result = write_project(flags, what, *given); });
  };
  add("transport", "Writes a transport.", transport_skeleton);
  add("backend", "Writes a spawn backend.", backend_skeleton);
  make->final_callback([=, &result] {
    if (make->get_subcommands().empty())
      result = refuse_new("a kind is required: transport or backend (see tractor new --help)");
  });
}

}  // namespace tractor::cli
