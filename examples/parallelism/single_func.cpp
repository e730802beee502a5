// A function that would block this process runs on another core, while the loop here stays free to do other
// things. Shows run_in_actor beside a task of the parent.
#include <chrono>
#include <iostream>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace std::chrono_literals;

// Nothing but work: no await, so nothing else could happen in the process that runs it.
task<int> count_primes(int below) {
  int primes = 0;
  for (int n = 2; n < below; ++n) {
    bool prime = true;
    for (int d = 2; prime && d * d <= n; ++d) prime = n % d != 0;
    primes += prime;
  }
  co_return primes;
}

task<> tick(int& ticks) {
  for (;; ++ticks) co_await sleep(10ms);
}

task<> app() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    int ticks = 0;
    auto worker = co_await an.run_in_actor<&count_primes>("counter", 1'000'000);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(tick, std::ref(ticks));
      std::cout << co_await worker.wait_for_result() << " primes below a million" << std::endl;
      tn.scope().cancel();
    });
    std::cout << "meanwhile the parent's clock went " << (ticks > 0 ? "on" : "nowhere") << std::endl;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
