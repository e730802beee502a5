#include "discovery/registry_wire.hpp"

#include "tractor/log/logger.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail {

void put_address(msg::writer& out, const address& where) {
  if (const auto* numbered = std::get_if<address::pair_with_number>(&where.wire()))
    msg::encode(out, *numbered);
  else if (const auto* named = std::get_if<address::pair_of_texts>(&where.wire()))
    msg::encode(out, *named);
  else
    out.str(where.text());
}

void put_addresses(msg::writer& out, const std::vector<address>& all) {
  out.array_header(static_cast<std::uint32_t>(all.size()));
  for (const address& where : all) put_address(out, where);
}

address get_address(actor_runtime& self, msg::reader& in) {
  if (in.peek() == msg::kind::str) return from_wire(self.transports(), in.str());
  if (in.array_header() != 2) throw msg_type_error("an address must be a pair or a multiaddr text");
  const std::string first(in.str());
  if (in.peek() == msg::kind::str) {
    const std::string second(in.str());
    return from_wire(self.transports(), std::pair<std::string_view, std::string_view>(first, second));
  }
  const auto second = in.integer_as<std::int64_t>();
  return from_wire(self.transports(), std::pair<std::string_view, std::int64_t>(first, second));
}

std::vector<address> get_addresses(actor_runtime& self, msg::byte_view value) {
  std::vector<address> out;
  msg::reader in(value);
  if (in.try_nil()) return out;
  for (std::size_t left = in.array_header(); left > 0; --left) {
    msg::reader one(in.skip());
    try {
      out.push_back(get_address(self, one));
    } catch (const address_error& error) {
      TRACTOR_LOG(discovery, runtime, "passing over an address: {}", error.what());
    }
  }
  return out;
}

void put_actor(msg::writer& out, const actor_id& who, const std::vector<address>& where) {
  out.map_header(4);
  out.str("name");
  out.str(who.name());
  out.str("uuid");
  out.str(who.uuid());
  out.str("pid");
  out.integer(who.pid());
  out.str("addrs");
  put_addresses(out, where);
}

registered_actor get_actor(actor_runtime& self, msg::byte_view value) {
  std::string name, uuid;
  int pid = 0;
  std::vector<address> where;
  msg::reader in(value);
  for (std::size_t left = in.map_header(); left > 0; --left) {
    const std::string_view key = in.str();
    const msg::byte_view bytes = in.skip();
    if (key == "name") msg::decode_all(bytes, name);
    if (key == "uuid") msg::decode_all(bytes, uuid);
    if (key == "pid") msg::decode_all(bytes, pid);
    if (key == "addrs") where = get_addresses(self, bytes);
  }
  return registered_actor(actor_id(std::move(name), std::move(uuid), pid), std::move(where));
}

}  // namespace tractor::detail
