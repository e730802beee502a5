// expect: this cannot be awaited in a tractor task
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() { co_await 5; }
