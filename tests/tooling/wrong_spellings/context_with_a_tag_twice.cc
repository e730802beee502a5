// expect: each tag of a context stands there at most once
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>, starts<int>>& ctx) { co_await ctx.started(1); }
