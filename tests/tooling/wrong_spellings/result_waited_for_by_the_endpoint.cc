// expect: has no member named
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<starts<int>>& ctx) { co_await ctx.wait_for_result(); }
