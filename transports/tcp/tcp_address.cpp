#include "tcp_address.hpp"

#include <charconv>
#include <vector>

namespace tractor::tcp {

namespace {

namespace ip = asio::ip;

// Texts may come from a peer: no control character of theirs gets into a log.
std::string quoted(std::string_view part) {
  std::string out = "'";
  for (const char c : part) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + "'";
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw address_error(quoted(text) + " is not a tcp address: " + why);
}

std::uint16_t read_port(std::string_view text, std::string_view port) {
  if (port.empty()) refuse(text, "the port is missing");
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc::result_out_of_range || (error == std::errc() && number > 65535))
    refuse(text, "port " + quoted(port) + " is not within 0..65535");
  if (error != std::errc() || end != port.data() + port.size())
    refuse(text, "port " + quoted(port) + " is not a number");
  return static_cast<std::uint16_t>(number);
}

std::optional<ip::address> read_literal(std::string_view host) {
  // The parser behind make_address stops at a NUL, and would take what follows it for nothing.
  if (host.find('\0') != host.npos) return std::nullopt;
  boost::system::error_code error;
  const ip::address made = ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return made;
}

ip::address read_host(std::string_view text, std::string_view host) {
  if (host.empty()) refuse(text, "the host is missing");
  const std::optional<ip::address> made = read_literal(host);
  if (!made) refuse(text, "host " + quoted(host) + " is not an IP literal (names are not resolved)");
  return *made;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    text.remove_prefix(1);  // the slash
    const std::size_t end = std::min(text.find('/'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

endpoint parse_multiaddr(std::string_view text, bool v6) {
  const std::vector<std::string_view> parts = split(text);
  if (parts.size() < 2) refuse(text, "the host is missing");
  const ip::address host = read_host(text, parts[1]);
  if (host.is_v6() != v6)
    refuse(text, "host " + quoted(parts[1]) + " is not an " + (v6 ? "IPv6" : "IPv4") + " literal");
  if (parts.size() < 3 || parts[2].empty()) refuse(text, "'/tcp/<port>' is missing after the host");
  if (parts[2] != key) refuse(text, "protocol " + quoted(parts[2]) + " is not tcp");
  if (parts.size() < 4) refuse(text, "the port is missing");
  const std::uint16_t port = read_port(text, parts[3]);
  if (parts.size() > 4) refuse(text, "nothing may follow the port, but " + quoted(parts[4]) + " does");
  return endpoint(host, port);
}

endpoint parse_bracketed(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == text.npos) refuse(text, "the closing bracket is missing");
  const std::string_view inside = text.substr(1, close - 1);
  const ip::address host = read_host(text, inside);
  if (!host.is_v6()) refuse(text, "brackets are for IPv6 hosts, and " + quoted(inside) + " is not one");
  const std::string_view rest = text.substr(close + 1);
  if (rest.empty()) refuse(text, "the port is missing");
  if (rest.front() != ':') refuse(text, "after the bracket comes ':<port>', not " + quoted(rest));
  return endpoint(host, read_port(text, rest.substr(1)));
}

}  // namespace

std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto begins = [text](std::string_view with) {
    return text == with || text.starts_with(std::string(with) + "/");
  };
  if (begins("/ip4")) return parse_multiaddr(text, false);
  if (begins("/ip6")) return parse_multiaddr(text, true);
  for (const char* name : {"/dns", "/dns4", "/dns6", "/dnsaddr"})
    if (begins(name)) refuse(text, "the host must be an IP literal (names are not resolved)");
  if (text.starts_with('[')) return parse_bracketed(text);
  if (text.find('/') != text.npos) return std::nullopt;  // a path, another scheme
  if (const auto literal = read_literal(text)) {
    const std::string host(text);
    refuse(text, "the port is missing: write " + (literal->is_v6() ? "[" + host + "]" : host) + ":<port>");
  }
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  if (host.find(':') != host.npos) refuse(text, "an IPv6 host needs brackets: [host]:port");
  return endpoint(read_host(text, host), read_port(text, text.substr(colon + 1)));
}

address to_address(const endpoint& where) {
  const std::string host = where.address().to_string();
  const char* family = where.address().is_v6() ? "/ip6/" : "/ip4/";
  return address(key, family + host + "/tcp/" + std::to_string(where.port()),
                 address::pair_with_number(host, where.port()));
}

endpoint to_endpoint(const address& where) {
  if (where.transport() != key)
    throw address_error("'" + where.text() + "' is an address of transport '" + where.transport() +
                        "', not of tcp");
  // The text, not the wire form: it is what equality compares.
  const std::optional<endpoint> made = parse_endpoint(where.text());
  if (!made) refuse(where.text(), "it has none of its forms");
  return *made;
}

bool is_loopback(const endpoint& where) {
  const ip::address host = where.address();
  if (host.is_v6() && host.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, host.to_v6()).is_loopback();
  return host.is_loopback();
}

}  // namespace tractor::tcp
