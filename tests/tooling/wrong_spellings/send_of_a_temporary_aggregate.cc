// expect: write send(a, b) instead of send(item{a, b})
#include "tractor/async/async.hpp"
using namespace tractor;
struct order {
  int id = 0;
  std::string who;
};
task<> user(channel<order>& ch) { co_await ch.send(order{1, "x"}); }
