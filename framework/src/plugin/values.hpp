// How single values are written in flags, variables and config files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tractor/plugin/choices.hpp"

namespace tractor::plugin::detail {

/// Tells whether a text may name a transport: a key, after keys of decorators with a `+` each.
bool is_transport_name(std::string_view text);

/// All of them throw `std::invalid_argument` that says what was expected.
choices::duration parse_duration(std::string_view text);
std::size_t parse_size(std::string_view text);
std::size_t parse_frame_size(std::string_view text);
choices::duration parse_handshake_bound(std::string_view text);
std::size_t parse_depth(std::string_view text);
bool parse_bool(std::string_view text);
std::string parse_key(std::string_view text);
std::string parse_transport(std::string_view text);
std::vector<std::string> parse_transports(std::string_view text);
std::vector<std::string> parse_list(std::string_view text);

std::string text_of(choices::duration value);
std::string text_of(std::size_t value);
std::string text_of(bool value);
std::string text_of(log::level value);
std::string text_of(const std::string& value);
std::string text_of(const std::vector<std::string>& value);

}  // namespace tractor::plugin::detail
