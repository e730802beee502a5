// The config file.
#pragma once

#include <optional>
#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/choices.hpp"

namespace tractor {

/// Returns the config file to read: the flag's, else `TRACTOR_CONFIG`, else `tractor/tractor.yaml` in
/// `$XDG_CONFIG_HOME` or `~/.config` if it exists there. Never one of the working directory by itself.
///
/// Throws `settings_error` if `TRACTOR_CONFIG` is a relative path. In a set-uid program only the flag counts.
TRACTOR_API std::optional<std::string> find_config(const std::optional<std::string>& from_flag);

/// Reads a config file (YAML).
///
/// Keys: spawn_backend, transports, registry_addrs, loglevel, log_spec, plugin_path, debug_mode,
/// enable_stackscope, allow_keyless_peers, insecure_bind; limits: max_frame, depth, handshake_timeout,
/// max_unauthenticated; timeouts: cancel_ack, hard_kill, nursery_cancel, unregister, peers, heartbeat_period,
/// heartbeat_timeout. A duration is a number with a unit (`500ms`, `1.5s`), a size a number or one with KiB,
/// MiB or GiB. Throws `settings_error` with file, line and column for anything else.
TRACTOR_API choices read_config(const std::string& path);

}  // namespace tractor
