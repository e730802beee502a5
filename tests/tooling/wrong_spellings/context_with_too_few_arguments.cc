// expect: wrong number of arguments for this endpoint
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<>&, int) { co_return; }
task<> user(portal p) {
  co_await p.open_context<&endpoint>([](auto&) -> task<> { co_return; });
}
