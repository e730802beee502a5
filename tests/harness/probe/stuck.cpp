// Tests that hang with an actor below them.
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace stuck {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

task<> wait_for_nothing() { co_await sleep_forever(); }

task<> hang(bool blocked) {
  auto body = [blocked](actor_nursery& nursery) -> task<> {
    portal kid = co_await nursery.start_actor("kid", expose<&wait_for_nothing>());
    auto both = [&](task_nursery& calls) -> task<> {
      calls.start_soon([&] { return kid.run<&wait_for_nothing>(); });
      co_await sleep(50ms);
      if (blocked) ::sleep(60);
      co_await sleep_forever();
    };
    co_await open_task_nursery(both);
  };
  co_await open_nursery(body);
}

TRACTOR_TEST(stuck, waits_with_an_actor, (), timeout(500ms)) { co_await hang(false); }

TRACTOR_TEST(stuck, blocks_with_an_actor, (), timeout(500ms)) { co_await hang(true); }

}  // namespace stuck
