#include "plugin/catalogue.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "plugin/elf_descriptor.hpp"
#include "plugin/text.hpp"
#include "plugin/verify.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::plugin::detail {
namespace {

namespace fs = std::filesystem;

std::string noun(std::string_view kind) {
  return kind == kind_of<spawn_backend> ? "spawn backend" : std::string(kind);
}

std::vector<std::string> names_of(const plugin_info& what) {
  std::vector<std::string> out = what.aliases;
  out.insert(out.begin(), what.key);
  return out;
}

void refuse(plugin_info& what, fault why, std::string text) {
  what.fault = why;
  what.reason = std::move(text);
}

void refuse_conflicts(std::vector<plugin_info>& all) {
  std::vector<std::pair<plugin_info*, std::string>> refused;
  for (plugin_info& one : all)
    for (plugin_info& other : all)
      if (&one != &other && one.kind == other.kind && one.good() && other.good())
        for (const std::string& name : names_of(one))
          if (claims(other, one.kind, name))
            refused.emplace_back(&one, "two plugins claim the " + noun(one.kind) + " " + in_quotes(name) +
                                           ": " + std::min(one.path, other.path) + " and " +
                                           std::max(one.path, other.path) +
                                           ": take one of them off the plugin path");
  for (auto& [one, text] : refused)
    if (one->good()) refuse(*one, fault::conflict, std::move(text));
}

[[noreturn]] void report_unknown(const std::vector<plugin_info>& all, const search_path& folders,
                                 std::string_view kind, std::string_view key) {
  if (kind == kind_of<tractor::transport>)
    for (const plugin_info& it : all)
      if (it.good() && claims(it, kind_of<transport_decorator>, key))
        throw plugin_error(fault::unknown_key, in_quotes(key) +
                                                   " is a decorator, and no transport by itself: name the "
                                                   "one that it goes round, as in " +
                                                   in_quotes(it.key + "+KEY"));
  std::vector<std::string> known, tried;
  for (const plugin_info& it : all)
    if (it.kind == kind && it.good())
      known.push_back(it.aliases.empty() ? it.key : it.key + " (or " + joined(it.aliases) + ")");
  for (const auto& folder : folders.folders())
    tried.push_back(is_key(key) ? folder.path + "/" + file_name_of(kind, key) : folder.path);
  if (known.empty())
    throw plugin_error(fault::not_found, "no plugin for the " + noun(kind) + " " + in_quotes(key) +
                                             ": tried " + joined(tried) +
                                             ": set --plugin-path or TRACTOR_PLUGIN_PATH");
  throw plugin_error(fault::unknown_key, "unknown " + noun(kind) + " " + in_quotes(key) + ": known are " +
                                             joined(known) + "; tried " + joined(tried));
}

}  // namespace

bool claims(const plugin_info& what, std::string_view kind, std::string_view name) {
  return what.kind == kind &&
         (what.key == name || std::ranges::find(what.aliases, name) != what.aliases.end());
}

plugin_info read_file(const std::string& path) {
  plugin_info out;
  out.path = path;
  if (auto name = parse_file_name(path)) {
    out.kind = std::move(name->kind);
    out.key = std::move(name->key);
  }
  try {
    check_owner(path);
    const tractor_plugin_descriptor said = read_descriptor(path);
    if (said.magic == descriptor_magic && said.size >= sizeof said)
      out.abi = std::string(said.abi, ::strnlen(said.abi, sizeof said.abi));
    check_descriptor(path, said);
    out.version = said.version;
    out.summary = said.summary;
    out.aliases = aliases_of(said);
    check_name(path, said);
  } catch (const plugin_error& error) {
    refuse(out, error.fault(), error.what());
  }
  return out;
}

std::vector<plugin_info> read_folders(const search_path& folders) {
  std::vector<plugin_info> out;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const auto& folder : folders.folders()) {
    std::vector<std::string> paths;
    std::error_code error;
    for (fs::directory_iterator it(folder.path, error), end; !error && it != end; it.increment(error))
      if (parse_file_name(it->path().native())) paths.push_back(it->path());
    std::ranges::sort(paths);
    for (const std::string& path : paths) {
      struct stat about {};
      // One file that is reached in two ways is one plugin.
      if (::stat(path.c_str(), &about) == 0 && !seen.emplace(about.st_dev, about.st_ino).second) continue;
      out.push_back(read_file(path));
    }
  }
  refuse_conflicts(out);
  return out;
}

std::optional<plugin_info> find_file(const search_path& folders, std::string_view kind,
                                     std::string_view key) {
  if (!is_key(key)) return std::nullopt;
  std::vector<plugin_info> there;
  for (const auto& folder : folders.folders()) {
    plugin_info one;
    one.kind = kind;
    one.key = key;
    one.path = folder.path + "/" + file_name_of(kind, key);
    if (::access(one.path.c_str(), F_OK) == 0) there.push_back(std::move(one));
  }
  if (there.empty()) return std::nullopt;
  // With a choice it has to be the one that `find` takes.
  if (there.size() > 1)
    for (const plugin_info& one : there)
      if (read_file(one.path).good()) return one;
  return there.front();
}

const plugin_info& find(const std::vector<plugin_info>& all, const search_path& folders,
                        std::string_view kind, std::string_view key) {
  const plugin_info* refused = nullptr;
  for (const plugin_info& it : all) {
    if (!claims(it, kind, key)) continue;
    if (it.good()) {
      if (refused) TRACTOR_LOG(plugin, warning, "{} is passed over for {}", refused->reason, it.path);
      return it;
    }
    if (!refused) refused = &it;
  }
  if (refused) throw plugin_error(refused->fault, refused->reason);
  report_unknown(all, folders, kind, key);
}

}  // namespace tractor::plugin::detail
