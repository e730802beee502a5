// The folder of a user's sockets: where it is, and that it is nobody else's.
#pragma once

#include <string>

namespace tractor::uds {

/// Where the sockets of this user live: `$XDG_RUNTIME_DIR/tractor`, else `/tmp/tractor-<uid>`.
///
/// A relative XDG_RUNTIME_DIR counts as unset, as its specification says. Does not touch the disk.
std::string runtime_folder();

/// Makes sure that `folder`, if it is `runtime_folder()` or lies below it, exists and is private.
///
/// Each component from there on must be a real directory (no symbolic link) of our own; it is created if
/// missing, and its mode set to 0700. What holds the runtime folder must belong to us or to root, and not be
/// open to strangers. Throws `address_error` that names the component, or `boost::system::system_error`.
/// Other folders are left as they are.
void ensure_private(const std::string& folder);

}  // namespace tractor::uds
