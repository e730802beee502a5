// The first moments of a child: it becomes what its actor asked for.
#pragma once

#include <vector>

#include "protocol.hpp"

namespace tractor::fork_spawn_detail {

/// Turns a fresh copy of the zygote into the requested child, reports on `answer`, runs it, and exits.
///
/// `received` are the descriptors of the request: the directory, then those for `request.numbers`.
[[noreturn]] void live(const request_data& request, int answer, int directory,
                       const std::vector<int>& received, int (*child_main)()) noexcept;

/// Whether this process was made by `live`.
bool is_copy() noexcept;

}  // namespace tractor::fork_spawn_detail
