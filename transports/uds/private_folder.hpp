// The folder of a user's sockets is nobody else's.
#pragma once

#include <string>

namespace tractor::uds {

/// Makes sure that `folder`, if it is `tractor::runtime_folder()` or lies below it, exists and is private.
///
/// Each component from there on must be a real directory (no symbolic link) of our own; it is created if
/// missing, and its mode set to 0700. What holds the runtime folder must belong to us or to root, and not be
/// open to strangers. Throws `address_error` that names the component, or `boost::system::system_error`.
/// Other folders are left as they are.
void ensure_private(const std::string& folder);

}  // namespace tractor::uds
