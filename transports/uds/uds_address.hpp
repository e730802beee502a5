// The text and wire forms of uds addresses, and the names of sockets.
#pragma once

#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "tractor/plugin/address.hpp"

namespace tractor::uds {

inline constexpr const char* key = "uds";
/// The longest path of a socket, in bytes.
inline constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
/// The file name of the registrar's socket.
inline constexpr const char* registry_file = "registry@1616.sock";

/// Reads `/unix/<absolute path>` or a plain absolute path that ends in `.sock`; nothing for other texts.
///
/// Yields the path. Throws `address_error` that names the bad part.
std::optional<std::string> parse_path(std::string_view text);
/// The address of the socket at an absolute path: its multiaddr, and `[folder, file]` on the wire.
address to_address(const std::string& path);
/// The path that `where` stands for. Throws `address_error` if it is not a uds address.
std::string to_path(const address& where);
/// What the end of a connection that has no path of its own is called.
address unnamed(int pid);
/// `path` in the form that system calls take.
sockaddr_un to_sockaddr(const std::string& path);
/// The folder that holds `path`.
std::string folder_of(const std::string& path);

/// The path for actor `name` of process `pid`: `<folder>/<name>@<pid>.sock`.
///
/// A name that cannot be part of a path, or makes it too long, is replaced by `actor.<digest>`. From the
/// second `copy` on the name gets a number. Throws `address_error` if the folder alone is too long.
std::string socket_path(const std::string& folder, const std::string& name, int pid, unsigned copy = 0);
/// The pid in a file name of the form `<name>@<pid>.sock`; nothing for others.
std::optional<int> owner_in_name(std::string_view file);

}  // namespace tractor::uds
