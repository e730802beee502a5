// What the tests of resource_cache share: openers that tell what they do, and when.
#pragma once

#include "support.hpp"
#include "tractor/async/resource_cache.hpp"

namespace tractor::testing {

/// What the openers below did, in order. Emptied by each test.
inline std::vector<std::string> history;
using lines = std::vector<std::string>;

inline void note(const std::string& what) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(current_time().time_since_epoch());
  history.push_back(what + " " + std::to_string(now.count()));
}

/// Opens in a second and closes in two, whatever happens.
inline task<> open_feed(entered<std::string>& in, std::string name) {
  co_await sleep(1s);
  std::string value = "feed " + name;
  note("open " + name);
  co_await with_cleanup([&]() -> task<> { co_await in(value); },
                        [&]() -> task<> {
                          co_await sleep(2s);
                          value = "gone";
                          note("close " + name);
                        },
                        10s);
}
inline task<> open_and_fail_at_exit(entered<>& in) {
  co_await in();
  co_await shielded(sleep(1s));
  throw std::runtime_error("exit failed");
}

/// Runs `body(cache, nursery)` with a cache whose service nursery is not the users'.
template <class Body> void with_cache(Body&& body) {
  history.clear();
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& services) -> task<> {
      resource_cache cache(services);
      co_await open_task_nursery([&](task_nursery& tn) -> task<> { co_await body(cache, tn); });
      EXPECT_EQ(cache.size(), 0u);
      EXPECT_EQ(services.child_count(), 0u);
    });
  });
}

}  // namespace tractor::testing
