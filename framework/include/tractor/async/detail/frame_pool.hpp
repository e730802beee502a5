// Memory for coroutine frames: a call across processes makes a dozen, each alive for microseconds.
#pragma once

#include <cstddef>

#include "tractor/detail/export.hpp"

namespace tractor::detail {

/// Memory for one frame; a recently freed one of the same size class if there is one. Throws
/// `std::bad_alloc`.
TRACTOR_API void* allocate_frame(std::size_t size);
/// Gives it back, with the same size. May be called on another thread.
TRACTOR_API void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace tractor::detail
