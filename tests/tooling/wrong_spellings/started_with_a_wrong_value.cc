// expect: the started value cannot be made from these arguments
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>>& ctx) { co_await ctx.started("one", 1); }
