// Maps plugin files into the process, for good.
#pragma once

#include <string>

#include "tractor/plugin/descriptor.hpp"

namespace tractor::plugin::detail {

/// Returns the descriptor of a file that passed all checks, loading it at the first call.
///
/// Nothing of it runs unless its descriptor, read from the file, is good. Throws `plugin_error`.
const tractor_plugin_descriptor& load(const std::string& path);

/// Makes the plugin's object, of the type that its kind names. Never null; throws `plugin_error`.
void* create(const std::string& path, const tractor_plugin_descriptor& what);

}  // namespace tractor::plugin::detail
