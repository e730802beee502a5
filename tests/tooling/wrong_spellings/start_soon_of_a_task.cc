// expect: start_soon takes the function and its arguments, not a task
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user(int n) {
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> { co_await sleep(std::chrono::seconds(n)); }());
    co_return;
  });
}
