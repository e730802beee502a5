// What holds when nobody chose.
#pragma once

#include <string_view>

#include "tractor/detail/export.hpp"

namespace tractor::plugin {

/// Returns the key of the spawn backend that is used unless another is chosen.
TRACTOR_API std::string_view default_spawn_backend() noexcept;

/// Returns the key of the transport that is used unless another is chosen.
TRACTOR_API std::string_view default_transport() noexcept;

}  // namespace tractor::plugin
