// expect: a task does nothing until it is awaited
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  sleep_forever();
  co_return;
}
