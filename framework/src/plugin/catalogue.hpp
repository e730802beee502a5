// All plugin files on a search path, read but not loaded.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tractor/plugin/registry.hpp"

namespace tractor::plugin::detail {

/// Reads every file that is named like a plugin; two good ones that claim one name are both refused.
std::vector<plugin_info> read_folders(const search_path& folders);

/// Says what one file is, or why it is refused; loads nothing.
plugin_info read_file(const std::string& path);

/// Returns the good plugin of that key or alias. Throws `plugin_error` that says what was tried and known.
const plugin_info& find(const std::vector<plugin_info>& all, const search_path& folders,
                        std::string_view kind, std::string_view key);

/// Returns the file on the path that is named for that plugin; of several the first good one. A single one is
/// not read: `load` says if it is none.
std::optional<plugin_info> find_file(const search_path& folders, std::string_view kind, std::string_view key);

/// Tells whether the plugin has this key or alias.
bool claims(const plugin_info& what, std::string_view kind, std::string_view name);

}  // namespace tractor::plugin::detail
