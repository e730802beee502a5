// The plugins that are there beside the one under test.
#pragma once

#include <vector>

#include "rule.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::conformance {

/// Returns the good plugins of the path of plugins and of the folder of the one under test, itself included;
/// this process finds them by their keys from now on.
std::vector<plugin::plugin_info> plugins_at_hand(const subject& it);
/// Listens once over each transport that the rules come to use; what goes wrong is left to the rules.
void listen_once(const subject& it);

}  // namespace tractor::conformance
