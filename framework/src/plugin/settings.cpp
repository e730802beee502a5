#include "tractor/plugin/settings.hpp"

#include <cstdlib>
#include <stdexcept>

#include "plugin/text.hpp"
#include "plugin/values.hpp"
#include "tractor/log/spec.hpp"
#include "tractor/plugin/config.hpp"
#include "tractor/plugin/defaults.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor {
namespace {

using plugin::detail::text_of;

// The one list of all settings: `visit(choice, setting, name, flag, variable)` for each.
template <class Choices, class Settings, class Visit>
void each(Choices& said, Settings& now, const Visit& visit) {
  visit(said.spawn_backend, now.spawn_backend, "spawn_backend", "--spawn-backend", "TRACTOR_SPAWN_METHOD");
  visit(said.transports, now.transports, "transports", "--tpt-proto", "TRACTOR_TPT_PROTO");
  visit(said.registry_addrs, now.registry_addrs, "registry_addrs", "--registry-addr",
        "TRACTOR_REGISTRY_ADDRS");
  visit(said.loglevel, now.loglevel, "loglevel", "--ll", "TRACTOR_LOGLEVEL");
  visit(said.log_spec, now.log_spec, "log_spec", "--tl", "");
  visit(said.debug_mode, now.debug_mode, "debug_mode", "--debug-mode", "");
  visit(said.enable_stackscope, now.enable_stackscope, "enable_stackscope", "--enable-stackscope",
        "TRACTOR_ENABLE_STACKSCOPE");
  visit(said.allow_keyless_peers, now.allow_keyless_peers, "allow_keyless_peers", "--allow-keyless-peers",
        "");
  visit(said.insecure_bind, now.insecure_bind, "insecure_bind", "--insecure", "");
  visit(said.max_frame, now.limits.max_frame, "limits.max_frame", "", "");
  visit(said.depth, now.limits.depth, "limits.depth", "", "");
  visit(said.handshake_timeout, now.limits.handshake_timeout, "limits.handshake_timeout", "", "");
  visit(said.max_unauthenticated, now.limits.max_unauthenticated, "limits.max_unauthenticated", "", "");
  visit(said.cancel_ack, now.timeouts.cancel_ack, "timeouts.cancel_ack", "", "");
  visit(said.hard_kill, now.timeouts.hard_kill, "timeouts.hard_kill", "", "");
  visit(said.nursery_cancel, now.timeouts.nursery_cancel, "timeouts.nursery_cancel", "", "");
  visit(said.unregister, now.timeouts.unregister, "timeouts.unregister", "", "");
  visit(said.peers, now.timeouts.peers, "timeouts.peers", "", "");
  visit(said.heartbeat_period, now.timeouts.heartbeat_period, "timeouts.heartbeat_period", "", "");
  visit(said.heartbeat_timeout, now.timeouts.heartbeat_timeout, "timeouts.heartbeat_timeout", "", "");
}

std::string said_by(origin from, const std::string& value, std::string_view name, std::string_view flag) {
  if (from == origin::flag) return std::string(flag) + " " + value;
  return std::string(name) + " " + value + " of the " + to_string(from);
}

// Appended piece by piece: g++ 12 sees an overflow in a sum of these.
std::string overriding(std::string_view variable, const std::string& value, const std::string& what) {
  std::string notice(variable);
  notice.append("=").append(value).append(" overrides ").append(what);
  return notice;
}

// With a shorter bound a peer would be silent before it is to say anything.
void check_heartbeat(const timeout_settings& bounds) {
  const auto& period = bounds.heartbeat_period;
  const auto& timeout = bounds.heartbeat_timeout;
  if (period.value() <= choices::duration::zero() || timeout.value() > period.value()) return;
  const auto named = [](const char* name, const auto& it) {
    return std::string(name) + " " + text_of(it.value()) + " (" + to_string(it.origin()) + ")";
  };
  throw settings_error(named("timeouts.heartbeat_timeout", timeout) + " must be longer than " +
                       named("timeouts.heartbeat_period", period));
}

bool is_bare_level(const std::string& spec) {
  return !spec.empty() && spec.find_first_of(",:") == std::string::npos;
}

}  // namespace

std::string to_string(origin where) {
  switch (where) {
    case origin::built_in:
      return "built in";
    case origin::config_file:
      return "config file";
    case origin::code:
      return "code";
    case origin::flag:
      return "flag";
    case origin::environment:
      return "environment";
  }
  return "unknown";
}

settings::settings()
    : spawn_backend(std::string(plugin::default_spawn_backend())),
      transports(std::vector{std::string(plugin::default_transport())}) {}

void settings::apply(const choices& said, tractor::origin from) {
  each(said, *this,
       [&](const auto& choice, auto& now, const char* name, const char* flag, const char* variable) {
         if (!choice) return;
         if (from == origin::environment && now.origin() != origin::built_in && now.value() != *choice)
           notices_.push_back(overriding(variable, text_of(*choice),
                                         said_by(now.origin(), text_of(now.value()), name, flag)));
         now.set(*choice, from);
         const auto place = said.places.find(name);
         if (place != said.places.end())
           places_[name] = place->second;
         else
           places_.erase(name);
       });
  // A bare level in the spec would undo a level that somebody stronger chose.
  if (said.loglevel && log_spec.origin() < from && is_bare_level(log_spec)) {
    if (from == origin::environment && log::parse_level(log_spec.value()) != *said.loglevel)
      notices_.push_back(overriding("TRACTOR_LOGLEVEL", text_of(*said.loglevel),
                                    said_by(log_spec.origin(), log_spec, "log_spec", "--tl")));
    log_spec.set("", from);
  }
  for (const std::string& folder : said.plugin_path) plugin_path.emplace_back(folder, from);
}

void settings::apply_log_levels() const {
  log::spec levels;
  levels.all = loglevel;
  log::apply(levels);
  if (!log_spec.value().empty()) log::apply(log::parse_spec(log_spec.value()));
}

plugin::search_path settings::plugin_folders() const {
  std::vector<std::string> chosen, from_config;
  for (const auto& [folder, from] : plugin_path)
    (from == tractor::origin::config_file ? from_config : chosen).push_back(folder);
  return plugin::search_path::compose(chosen, from_config);
}

std::string settings::source_of(std::string_view name) const {
  std::string out(name);
  const choices none;
  each(none, *this,
       [&](const auto&, const auto& now, const char* of, const char* flag, const char* variable) {
         if (name != of) return;
         const auto place = places_.find(of);
         if (now.origin() == origin::flag)
           out = flag;
         else if (now.origin() == origin::environment)
           out = variable;
         else if (place != places_.end())
           out = place->second + ": " + out;
         else
           out += " (" + to_string(now.origin()) + ")";
       });
  return out;
}

std::vector<settings::row> settings::describe() const {
  std::vector<row> out;
  const choices none;
  each(none, *this, [&](const auto&, const auto& now, const char* name, const char*, const char*) {
    out.push_back({name, text_of(now.value()), to_string(now.origin())});
  });
  for (const auto& [folder, from] : plugin_path) out.push_back({"plugin_path", folder, to_string(from)});
  return out;
}

choices read_environment() {
  choices out;
  const auto take = [](const char* name, auto& into, auto&& parse) {
    const char* const text = std::getenv(name);
    if (!text || !*text) return;
    try {
      into = parse(text);
    } catch (const std::invalid_argument& error) {
      throw settings_error(std::string(name) + ": " + error.what());
    }
  };
  take("TRACTOR_SPAWN_METHOD", out.spawn_backend, plugin::detail::parse_key);
  take("TRACTOR_TPT_PROTO", out.transports, plugin::detail::parse_transports);
  take("TRACTOR_LOGLEVEL", out.loglevel, log::parse_level);
  take("TRACTOR_ENABLE_STACKSCOPE", out.enable_stackscope, plugin::detail::parse_bool);
  take("TRACTOR_REGISTRY_ADDRS", out.registry_addrs, plugin::detail::parse_list);
  return out;
}

settings resolve_settings(const parsed_flags& flags, const choices& from_code) {
  settings out;
  if (const auto file = find_config(flags.config_file)) out.apply(read_config(*file), origin::config_file);
  out.apply(from_code, origin::code);
  out.apply(flags.said, origin::flag);
  out.apply(read_environment(), origin::environment);
  check_heartbeat(out.timeouts);
  return out;
}

void resolve_keys(settings& chosen) {
  auto& plugins = plugin::registry::instance();
  plugins.set_folders(chosen.plugin_folders());
  const auto resolved = [&](const char* kind, const std::string& key, const std::string& who) {
    try {
      return plugins.resolve(kind, key);
    } catch (const plugin::plugin_error& error) {
      throw settings_error(who + ": " + error.what());
    }
  };
  const std::string backend =
      resolved("spawn", chosen.spawn_backend.value(), chosen.source_of("spawn_backend"));
  const std::string from = chosen.source_of("transports");
  std::vector<std::string> transports;
  for (const std::string& key : chosen.transports.value())
    transports.push_back(resolved("transport", key, from));
  chosen.spawn_backend.set(backend, chosen.spawn_backend.origin());
  chosen.transports.set(std::move(transports), chosen.transports.origin());
}

}  // namespace tractor
