// expect: the body must return task<...>: write '-> task<>' after its parameters
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await open_task_nursery([](task_nursery& tn) { tn.start_soon(sleep_forever); });
}
