#include "allocation_counter.hpp"

#include <cstdlib>
#include <new>

namespace tractor::test {

namespace {
thread_local allocations total;
}

allocations allocated() noexcept { return total; }

}  // namespace tractor::test

// Weak, so that another part of the test program may bring its own; a test checks that these are in use.
__attribute__((weak)) void* operator new(std::size_t size) {
  ++tractor::test::total.count;
  tractor::test::total.bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
__attribute__((weak)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++tractor::test::total.count;
  tractor::test::total.bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}
__attribute__((weak)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((weak)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
