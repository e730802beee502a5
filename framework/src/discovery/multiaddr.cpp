#include "tractor/discovery/multiaddr.hpp"

#include <algorithm>
#include <optional>

#include "log/text.hpp"
#include "runtime/actor_runtime.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor {

address parse_address(const any_address& where) {
  auto& plugins = plugin::registry::instance();
  std::vector<std::string> keys;
  if (const auto* self = detail::actor_runtime::current_or_null()) keys = self->transports();
  for (const std::string& key : keys)
    if (auto known = plugins.transport(key).parse(where.text())) return *known;
  const auto enabled = keys.size();
  for (const plugin::plugin_info& each : plugins.list()) {
    if (each.kind != "transport" || !each.good()) continue;
    if (std::find(keys.begin(), keys.end(), each.key) != keys.end()) continue;
    keys.push_back(each.key);
  }
  for (std::size_t i = enabled; i < keys.size(); ++i)
    if (auto known = plugins.transport(keys[i]).parse(where.text())) return *known;
  std::string all;
  for (const std::string& key : keys) all += (all.empty() ? "" : ", ") + key;
  throw address_error(log::detail::in_quotes(where.text()) + " is no address of any transport (" + all + ")");
}

std::map<std::string, std::vector<address>> parse_endpoints(
    const std::map<std::string, std::vector<any_address>>& table) {
  std::map<std::string, std::vector<address>> out;
  for (const auto& [service, all] : table) {
    std::vector<address>& parsed = out[service];
    for (const any_address& each : all) {
      try {
        parsed.push_back(parse_address(each));
      } catch (const address_error& error) {
        throw address_error("service '" + service + "': " + error.what());
      }
    }
  }
  return out;
}

}  // namespace tractor
