// expect: no item of this channel can be made from these arguments
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user(send_channel<int>& tx) { co_await tx.send("wrong", 1); }
