// expect: the body must return task<...>: write '-> task<>' after its parameters
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user() {
  co_await with_cancel_scope([](cancel_scope& s) { s.cancel(); });
}
