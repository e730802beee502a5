// expect: this function does not take a context first: use run, or stream_from for a generator
#include "tractor/tractor.hpp"
using namespace tractor;
task<int> plain() { co_return 1; }
task<> user(portal p) {
  co_await p.open_context<&plain>([](auto&) -> task<> { co_return; });
}
