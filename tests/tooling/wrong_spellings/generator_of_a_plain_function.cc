// expect: this function does not take a send_stream first: use run, or open_context for a context
#include "tractor/tractor.hpp"
using namespace tractor;
task<int> plain() { co_return 1; }
task<> user(portal p) {
  co_await p.stream_from<&plain>([](auto&) -> task<> { co_return; });
}
