// expect: the last argument of open_context must be a body
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>>& ctx) { co_await ctx.started(1); }
task<> user(portal p) {
  co_await p.open_context<&endpoint>([](context_to<&endpoint>&) -> task<> { co_return; });
}
