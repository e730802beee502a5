// Where the files of running actors lie.
#pragma once

#include <string>

#include "tractor/detail/export.hpp"

namespace tractor {

/// The private folder of this user's actors: `$XDG_RUNTIME_DIR/tractor`, else `/tmp/tractor-<uid>`.
///
/// A relative XDG_RUNTIME_DIR counts as unset, as its specification says. Does not touch the disk.
TRACTOR_API std::string runtime_folder();

}  // namespace tractor
