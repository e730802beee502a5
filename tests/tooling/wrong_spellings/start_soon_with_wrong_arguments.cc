// expect: the function cannot be called with these arguments (a reference needs std::ref)
#include "tractor/async/async.hpp"
using namespace tractor;
task<> child(int&) { co_return; }
task<> user(int n) {
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon(child, n);
    co_return;
  });
}
