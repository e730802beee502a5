// expect: a task is awaited once: write co_await std::move(t)
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  task<> t = sleep_forever();
  co_await t;
}
