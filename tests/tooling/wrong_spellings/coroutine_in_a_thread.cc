// expect: run_in_thread takes a plain blocking function
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await run_in_thread([]() -> task<> { co_return; });
}
