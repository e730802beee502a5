// expect: -Werror=return-type
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await open_task_nursery([](task_nursery& nursery) -> task<> {
    nursery.start_soon([]() -> task<> { co_return; });
  });
}
