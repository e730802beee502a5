// A pool of actors, one for each core, tests large numbers for being prime; the results come in the order of
// the list. Each worker has a task here that hands it the next number as soon as it is free.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <tractor/tractor.hpp>

using namespace tractor;

constexpr std::array<std::int64_t, 8> candidates = {107000000000009, 99000364000297,  200000000000027,
                                                    271828182845909, 271828182845911, 314159265359057,
                                                    577215664901609, 577215664901611};

task<bool> is_prime(std::int64_t number) {
  if (number % 2 == 0) co_return number == 2;
  for (std::int64_t divisor = 3; divisor * divisor <= number; divisor += 2)
    if (number % divisor == 0) co_return false;
  co_return number > 1;
}

struct progress {
  std::size_t next = 0;
  std::array<bool, candidates.size()> prime{};
};

task<> keep_busy(portal worker, progress& all) {
  while (all.next < candidates.size()) {
    const std::size_t mine = all.next++;
    all.prime[mine] = co_await worker.run<&is_prime>(candidates[mine]);
  }
  co_await worker.cancel_actor();
}

task<> app() {
  progress all;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    const unsigned cores = std::max(2u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < cores; ++i) {
      portal worker = co_await an.start_actor("worker-" + std::to_string(i), expose<&is_prime>());
      an.tasks().start_soon(keep_busy, worker, std::ref(all));
    }
  });
  for (std::size_t i = 0; i < candidates.size(); ++i)
    std::cout << candidates[i] << (all.prime[i] ? " is prime" : " is not prime") << std::endl;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
