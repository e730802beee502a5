// Addresses between text, messages and the transports that understand them.
#include "log/text.hpp"
#include "runtime/actor_runtime.hpp"
#include "tractor/plugin/any_address.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::detail {

address parse_address(const std::vector<std::string>& transports, const std::string& text) {
  for (const std::string& key : transports)
    if (auto known = plugin::registry::instance().transport(key).parse(text)) return *known;
  std::string keys;
  for (const std::string& key : transports) keys += (keys.empty() ? "" : ", ") + key;
  throw address_error(log::detail::in_quotes(text) + " is no address of an enabled transport (" + keys + ")");
}

msg::wire_address to_wire(const address& where) {
  if (const auto* numbered = std::get_if<address::pair_with_number>(&where.wire()))
    return std::pair<std::string_view, std::int64_t>(numbered->first, numbered->second);
  if (const auto* named = std::get_if<address::pair_of_texts>(&where.wire()))
    return std::pair<std::string_view, std::string_view>(named->first, named->second);
  return std::string_view(where.text());
}

address from_wire(const std::vector<std::string>& transports, const msg::wire_address& wire) {
  const any_address given = std::visit([](const auto& form) { return any_address(form); }, wire);
  return parse_address(transports, given.text());
}

}  // namespace tractor::detail
