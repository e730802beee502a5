// expect: an argument with a fraction would be cut to the integer that the endpoint takes
#include "tractor/tractor.hpp"
using namespace tractor;
task<int> twice(int value) { co_return 2 * value; }
task<> user(portal p) { co_await p.run<&twice>(3.7); }
