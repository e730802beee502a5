// expect: an opener takes entered<T>& first, and says so
#include "tractor/async/async.hpp"

tractor::task<> wrong() {
  co_await tractor::gather_contexts([](int&) -> tractor::task<> { co_return; },
                                    [](auto& in) -> tractor::task<> { co_await in(); });
}
