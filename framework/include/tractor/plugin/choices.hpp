// What one source of settings says.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/log/level.hpp"

namespace tractor {

/// The choices of one source: a config file, code, flags or the environment. A value.
///
/// What a source leaves open is empty. `settings` merges the sources.
class TRACTOR_API choices {
 public:
  using duration = std::chrono::nanoseconds;

  choices() = default;

  std::optional<std::string> spawn_backend;                ///< a key or alias
  std::optional<std::vector<std::string>> transports;      ///< keys or aliases, the preferred one first
  std::optional<std::vector<std::string>> registry_addrs;  ///< in any text form of their transports
  std::optional<log::level> loglevel;
  std::optional<std::string> log_spec;  ///< as `--tl` takes it
  std::optional<bool> debug_mode;
  std::optional<bool> enable_stackscope;
  std::optional<bool> allow_keyless_peers;  ///< let peers in that cannot prove to know the user's key
  std::optional<bool> insecure_bind;        ///< listen beyond loopback without encryption
  std::vector<std::string> plugin_path;     ///< absolute folders; those of all sources are searched

  std::optional<std::size_t> max_frame;  ///< bytes
  std::optional<std::size_t> depth;      ///< lists and maps inside one another in a message
  std::optional<duration> handshake_timeout;
  std::optional<std::size_t> max_unauthenticated;  ///< connections that have not said who they are

  std::optional<duration> cancel_ack;
  std::optional<duration> hard_kill;
  std::optional<duration> nursery_cancel;
  std::optional<duration> unregister;
  std::optional<duration> peers;
  std::optional<duration> heartbeat_period;  ///< zero switches heartbeats off
  std::optional<duration> heartbeat_timeout;

  /// Where a config file says so, as `FILE:LINE:COLUMN`, by the names of its keys.
  std::map<std::string, std::string> places;
};

}  // namespace tractor
