// Tests that hang with an actor below them.
#include <signal.h>
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace stuck {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

task<> wait_for_nothing() {
  log::get("stuck").error("nothing comes");
  co_await sleep_forever();
}

task<> hang(void (*block)()) {
  auto body = [block](actor_nursery& nursery) -> task<> {
    portal kid = co_await nursery.start_actor("kid", expose<&wait_for_nothing>());
    auto both = [&](task_nursery& calls) -> task<> {
      calls.start_soon([&] { return kid.run<&wait_for_nothing>(); });
      co_await sleep(50ms);
      block();
      co_await sleep_forever();
    };
    co_await open_task_nursery(both);
  };
  co_await open_nursery(body);
}

TRACTOR_TEST(stuck, waits_with_an_actor, (), timeout(500ms)) {
  co_await hang([] {});
}

TRACTOR_TEST(stuck, blocks_with_an_actor, (), timeout(500ms)) {
  co_await hang([] { ::sleep(60); });
}

void keep_out(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Without the guard of its process, whose signal this is, the bound of the runner is the next.
void block_for_good() {
  keep_out(SIGRTMAX - 3);
  for (;;) ::sleep(1);
}

TRACTOR_TEST(stuck, heeds_no_bound, (), timeout(10s)) {
  co_await hang([] {
    keep_out(SIGINT);
    block_for_good();
  });
}

TRACTOR_CELL_TEST(stuck, heeds_nothing_but_sigint, (), timeout(10s)) { block_for_good(); }

}  // namespace stuck
