// expect: a task yields a value: return a pointer or a std::reference_wrapper in place of a reference
#include "tractor/async/async.hpp"
using namespace tractor;
task<int&> f(int& x) { co_return x; }
