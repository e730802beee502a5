// expect: what stands after co_return does not convert to the task's value type by itself
#include <vector>

#include "tractor/async/async.hpp"
using namespace tractor;
task<std::vector<int>> f() { co_return 5; }
