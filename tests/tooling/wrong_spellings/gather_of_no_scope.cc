// expect: gather_contexts needs at least one scope to enter
#include "tractor/async/async.hpp"

tractor::task<> wrong() {
  co_await tractor::gather_contexts([]() -> tractor::task<> { co_return; });
}
