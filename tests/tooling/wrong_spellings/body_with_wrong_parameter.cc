// expect: the body must be callable as [&](task_nursery& tn) -> task<> {...}
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await open_task_nursery([](cancel_scope&) -> task<> { co_return; });
}
