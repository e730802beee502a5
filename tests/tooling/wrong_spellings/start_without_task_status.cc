// expect: start needs a function that takes task_status<V>& first
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await open_task_nursery([](task_nursery& tn) -> task<> { co_await tn.start(sleep_forever); });
}
