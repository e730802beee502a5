// The only file of the kernel that names plugins.
#include "tractor/plugin/defaults.hpp"

namespace tractor::plugin {

std::string_view default_spawn_backend() noexcept { return "trio_like"; }
std::string_view default_transport() noexcept { return "tcp"; }

}  // namespace tractor::plugin
