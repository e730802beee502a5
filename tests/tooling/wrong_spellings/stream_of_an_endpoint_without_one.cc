// expect: open_stream
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>>& ctx) { co_await ctx.open_stream(); }
