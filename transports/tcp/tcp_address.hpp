// The text and wire forms of tcp addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tractor/detail/asio.hpp"
#include "tractor/plugin/address.hpp"

namespace tractor::tcp {

using endpoint = asio::ip::tcp::endpoint;

inline constexpr const char* key = "tcp";

/// Reads `/ip4/H/tcp/P`, `/ip6/H/tcp/P`, `H:P` or `[v6]:P`; nothing for the text of another transport.
///
/// Hosts are IP literals: no name is ever resolved. Throws `address_error` that names the bad part.
std::optional<endpoint> parse_endpoint(std::string_view text);
/// The address of an endpoint: its multiaddr, and `[host, port]` on the wire.
address to_address(const endpoint& where);
/// The endpoint that `where` stands for. Throws `address_error` if it is not a tcp address.
endpoint to_endpoint(const address& where);
/// True for 127/8 and ::1, written as IPv6 or not.
bool is_loopback(const endpoint& where);

}  // namespace tractor::tcp
