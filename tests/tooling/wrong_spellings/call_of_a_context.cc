// expect: this function takes a context or a stream: use open_context or stream_from
#include "tractor/tractor.hpp"
using namespace tractor;
task<> endpoint(context<>&) { co_return; }
task<> user(portal p) { co_await p.run<&endpoint>(); }
