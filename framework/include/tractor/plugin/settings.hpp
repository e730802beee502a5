// The settings of an actor, merged from all sources, each knowing where it came from.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/log/level.hpp"
#include "tractor/plugin/choices.hpp"
#include "tractor/plugin/search_path.hpp"

namespace tractor {

class parsed_flags;

/// Where a setting came from, the weakest first.
enum class origin { built_in, config_file, code, flag, environment };

/// Returns the origin in words, such as `config file`.
TRACTOR_API std::string to_string(origin where);

/// One setting: its value, and who said so. A value; reads as its `T`.
template <class T> class setting {
 public:
  setting() = default;
  explicit setting(T value) : value_(std::move(value)) {}

  const T& value() const noexcept { return value_; }
  operator const T&() const noexcept { return value_; }
  tractor::origin origin() const noexcept { return origin_; }

  void set(T value, tractor::origin from) {
    value_ = std::move(value);
    origin_ = from;
  }

 private:
  T value_{};
  tractor::origin origin_ = tractor::origin::built_in;
};

/// Bounds on what peers may send.
class TRACTOR_API limit_settings {
 public:
  limit_settings() = default;

  setting<std::size_t> max_frame{std::size_t(64) << 20};
  setting<std::size_t> depth{64};
  setting<choices::duration> handshake_timeout{std::chrono::seconds(10)};
  setting<std::size_t> max_unauthenticated{64};
};

/// How long the runtime waits for others.
class TRACTOR_API timeout_settings {
 public:
  timeout_settings() = default;

  setting<choices::duration> cancel_ack{
      std::chrono::milliseconds(500)};  ///< for the answer to a cancel request
  setting<choices::duration> hard_kill{
      std::chrono::milliseconds(1600)};                                ///< from the first signal to SIGKILL
  setting<choices::duration> nursery_cancel{std::chrono::seconds(3)};  ///< for all children of a nursery
  setting<choices::duration> unregister{std::chrono::milliseconds(500)};  ///< for each registrar
  setting<choices::duration> peers{std::chrono::seconds(3)};  ///< for peers to take our last words
  setting<choices::duration> heartbeat_period{std::chrono::seconds(15)};  ///< zero: no heartbeats
  setting<choices::duration> heartbeat_timeout{
      std::chrono::seconds(60)};  ///< after which a peer counts as silent; longer than the period
};

/// All settings of an actor. A value.
///
/// Sources are applied weakest first: built-in values, config file, code, flags, environment.
class TRACTOR_API settings {
 public:
  /// One line of a listing.
  class row {
   public:
    std::string name;
    std::string value;
    std::string origin;
  };

  /// Starts from the built-in values.
  settings();

  /// Lets a source override what weaker ones said.
  ///
  /// If `from` is the environment and overrides something that was chosen, a notice is kept.
  void apply(const choices& said, tractor::origin from);

  /// Returns one line for each choice that the environment overrode; print them once, in the root actor.
  const std::vector<std::string>& notices() const noexcept { return notices_; }

  /// Sets the levels of all loggers to what is chosen here.
  void apply_log_levels() const;

  /// Returns the folders to search for plugins: those of flags and code, of the environment, of the config
  /// file, the built-in one. Throws `plugin::plugin_error` for a relative folder.
  plugin::search_path plugin_folders() const;

  /// Returns where a person changes the setting of this name: a flag, a variable, a place in a config file,
  /// or its name and origin.
  std::string source_of(std::string_view name) const;

  /// Returns every setting as text, with its origin.
  std::vector<row> describe() const;

  setting<std::string> spawn_backend;
  setting<std::vector<std::string>> transports;
  setting<std::vector<std::string>> registry_addrs;  ///< empty: the default of the first transport
  setting<log::level> loglevel{log::default_level};
  setting<std::string> log_spec;  ///< empty: none
  setting<bool> debug_mode{false};
  setting<bool> enable_stackscope{false};
  setting<bool> allow_keyless_peers{false};
  setting<bool> insecure_bind{false};
  std::vector<std::pair<std::string, tractor::origin>> plugin_path;
  limit_settings limits;
  timeout_settings timeouts;

 private:
  std::vector<std::string> notices_;
  std::map<std::string, std::string> places_;  // of those that a config file has said last
};

/// Returns the choices of the environment: `TRACTOR_SPAWN_METHOD`, `TRACTOR_TPT_PROTO`, `TRACTOR_LOGLEVEL`,
/// `TRACTOR_ENABLE_STACKSCOPE`, `TRACTOR_REGISTRY_ADDRS`. Empty variables count as not set.
///
/// Throws `settings_error` that names the variable.
TRACTOR_API choices read_environment();

/// Merges everything: built-in values, the config file that `find_config` finds, code, flags, environment.
///
/// Throws `settings_error`, also for values that do not go together.
TRACTOR_API settings resolve_settings(const parsed_flags& flags, const choices& from_code = {});

/// Searches the settings' folders from now on, and puts keys in place of aliases.
///
/// Throws `settings_error`, which names the variable, flag or other origin, for a backend or a transport that
/// no plugin has.
TRACTOR_API void resolve_keys(settings& chosen);

}  // namespace tractor
