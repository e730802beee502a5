// expect: a temporary body that captures by value is destroyed twice by g++ 12
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user(std::string s) {
  co_await open_task_nursery([s](task_nursery&) -> task<> { co_return; });
}
