// Counts what the thread takes from the heap through operator new.
#pragma once

#include <cstddef>

namespace tractor::test {

struct allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

/// What this thread has allocated since it began.
allocations allocated() noexcept;

}  // namespace tractor::test
