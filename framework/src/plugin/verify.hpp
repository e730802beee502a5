// What must hold before a plugin file is loaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tractor/plugin/descriptor.hpp"

namespace tractor::plugin::detail {

/// Kind and key as a file name tells them.
struct file_name {
  std::string kind;
  std::string key;
};

/// Reads `libtractor_<kind>_<key>.so`; yields nothing for any other name.
std::optional<file_name> parse_file_name(std::string_view path);

/// Returns the file name of a kind and key.
std::string file_name_of(std::string_view kind, std::string_view key);

/// Throws `plugin_error` unless file and folders belong to root, us or the owner of this program, and are not
/// writable by the world.
void check_owner(const std::string& path);

/// Throws `plugin_error` unless magic, size, texts and ABI are right.
void check_descriptor(const std::string& path, const tractor_plugin_descriptor& what);

/// Throws `plugin_error` unless kind and key are those of the file's name.
void check_name(const std::string& path, const tractor_plugin_descriptor& what);

/// Returns the aliases one by one.
std::vector<std::string> aliases_of(const tractor_plugin_descriptor& what);

}  // namespace tractor::plugin::detail
