// What the tests of broadcast share.
#pragma once

#include "support.hpp"
#include "tractor/async/broadcast.hpp"

namespace tractor::testing {

/// Sends 0, 1, 2, … with a pause before each, then closes.
inline task<> produce(channel<int>& to, int count, duration pause) {
  for (int i = 0; i < count; ++i) {
    if (pause > duration::zero()) co_await sleep(pause);
    co_await to.send(i);
  }
  to.close();
}

inline std::vector<int> numbers(int from, int to) {
  std::vector<int> out;
  for (int i = from; i < to; ++i) out.push_back(i);
  return out;
}

}  // namespace tractor::testing
