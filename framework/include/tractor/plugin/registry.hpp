// The plugins of this process: found by key, loaded once, never unloaded.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/search_path.hpp"

namespace tractor {
class spawn_backend;
class transport;
}  // namespace tractor

namespace tractor::plugin {

/// What is known of one plugin file. A value.
class plugin_info {
 public:
  plugin_info() = default;

  std::string path;
  std::string kind;  ///< from the file's name if the descriptor cannot be read
  std::string key;   ///< from the file's name if the descriptor cannot be read
  std::vector<std::string> aliases;
  std::string version;
  std::string abi;
  std::string summary;
  std::vector<std::string> capabilities;  ///< filled by `check` only: they need the loaded object
  plugin::fault fault = plugin::fault::none;
  std::string reason;  ///< why it is refused; empty if it is good

  bool good() const noexcept { return fault == plugin::fault::none; }
};

/// Returns every word that `plugin_info::capabilities` can hold.
TRACTOR_API std::vector<std::string> known_capabilities();

/// Finds plugins by key and owns what they create.
///
/// A plugin is loaded from its absolute path on first use and stays for the life of the process: its code is
/// part of every task and type it made. All functions throw `plugin_error`; none is a checkpoint. They may be
/// called from any thread, also by a plugin that asks for another one while it is created.
class TRACTOR_API registry {
 public:
  /// Makes a registry of its own, for tests and tools; programs use `instance()`.
  explicit registry(search_path folders);
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;
  /// Forgets the objects without deleting them.
  ~registry();

  /// Returns the registry of the process. It is never destroyed, so that no order of destructors matters.
  static registry& instance();

  /// Searches these folders from now on. What is loaded stays.
  void set_folders(search_path folders);
  search_path folders() const;
  /// Looks for a plugin by its file's name first, and reads the folders only if none has that name.
  ///
  /// For the child of an actor that has read the same folders: keys that come from it are no aliases, and no
  /// two plugins claim them.
  void trust_keys();

  /// Returns the one backend object of that key or alias; loads its plugin at the first call.
  spawn_backend& spawn(std::string_view key);
  /// Returns the one transport object of that key or alias; loads its plugin at the first call.
  ///
  /// `X+Y` is the transport Y with the decorator X round it: a plugin of the kind "decorator".
  tractor::transport& transport(std::string_view key);

  /// Returns the key that this key or alias stands for, and loads nothing. `kind` is "spawn" or "transport",
  /// of which each part of `X+Y` is resolved.
  std::string resolve(std::string_view kind, std::string_view key);

  /// Returns every plugin file on the path, the refused ones with the reason; loads nothing.
  std::vector<plugin_info> list();

  /// Loads one file and says what it is, or why it is refused; never throws for a bad plugin.
  ///
  /// Creates the plugin's object to ask what it can do.
  plugin_info check(std::string_view path);

 private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace tractor::plugin
