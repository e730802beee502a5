// expect: a shared resource is known by its opener
#include "tractor/async/async.hpp"

tractor::task<> wrong(tractor::resource_cache& cache) {
  co_await tractor::maybe_open_context(
      cache, [](tractor::entered<>& in) -> tractor::task<> { co_await in(); },
      [](bool) -> tractor::task<> { co_return; });
}
