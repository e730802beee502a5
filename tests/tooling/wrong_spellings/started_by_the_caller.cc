// expect: has no member named
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>>& ctx) { co_await ctx.started(1); }
task<> user(context_to<&endpoint>& ctx) { co_await ctx.started(1); }
