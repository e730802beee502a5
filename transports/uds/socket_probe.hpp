// Is anybody at home behind a socket's path?
#pragma once

#include <string>

#include "tractor/plugin/byte_stream.hpp"

namespace tractor::uds {

/// What is found at a path.
enum class finding { nothing, dead_socket, live_socket, other_file, other_owner, unknown };

/// Finds out by connecting, since only the kernel knows: a socket that refuses has no listener any more.
///
/// A listener that lives sees a connection that ends at once.
finding probe(const std::string& path);

/// Puts a finding that forbids to remove the file into words; `unknown` with the errno of the probe.
std::string describe(finding what);

/// Who is at the other end of the connected socket `fd`. Throws `boost::system::system_error`.
peer_credentials ask_peer(int fd);

}  // namespace tractor::uds
