// Reads a plugin's descriptor out of the file, without loading it.
#pragma once

#include <string>

#include "tractor/plugin/descriptor.hpp"

namespace tractor::plugin::detail {

/// Returns the bytes of `tractor_plugin` as they lie in the file (`create` is meaningless there).
///
/// Runs nothing of the plugin. Throws `plugin_error` if the file is missing, no shared object, or has no
/// descriptor of at least our size.
tractor_plugin_descriptor read_descriptor(const std::string& path);

}  // namespace tractor::plugin::detail
