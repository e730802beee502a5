// A plugin file is tried where its damage harms nobody.
#pragma once

#include <string>

#include "tractor/plugin/registry.hpp"

namespace tractor::cli {

/// Checks a plugin in a fork of this process, and yields what `registry::check` says there.
///
/// A damaged file may end the process that loads it: then it is refused, and the reason says how that ended.
plugin::plugin_info check_apart(plugin::registry& from, const std::string& path);

}  // namespace tractor::cli
