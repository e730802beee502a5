// Reading addresses: of any transport, in any form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/any_address.hpp"

namespace tractor {

/// Reads an address in any form; `.text()` of the result is its multiaddr.
///
/// The enabled transports are asked first, then all that can be loaded; works without a runtime. Throws
/// `address_error` that names the text, and what was wrong with it if one of the transports knew it as its
/// own.
TRACTOR_API address parse_address(const any_address& where);

/// Reads a table of services: each name with its addresses, in any mix of forms. Throws `address_error` that
/// names the service.
TRACTOR_API std::map<std::string, std::vector<address>> parse_endpoints(
    const std::map<std::string, std::vector<any_address>>& table);

}  // namespace tractor
