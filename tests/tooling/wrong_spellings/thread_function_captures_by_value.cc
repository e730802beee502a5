// expect: a temporary function that captures by value is destroyed twice by g++ 12
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user(std::string s) {
  co_await run_in_thread([s] { return s.size(); });
}
