// A generator in another process: a function that sends items into a stream, read here in a loop. It runs no
// faster than it is read, and ends when its reader leaves.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

bool is_prime(int number) {
  for (int divisor = 2; divisor * divisor <= number; ++divisor)
    if (number % divisor == 0) return false;
  return number > 1;
}

// Without an end: its reader decides.
task<> primes(send_stream<int>& out, int from) {
  for (int n = from;; ++n)
    if (is_prime(n)) co_await out.send(n);
}

task<> countdown(send_stream<std::string>& out, int from) {
  for (int n = from; n > 0; --n) co_await out.send(std::to_string(n) + "...");
  co_await out.send("lift off");
}

task<> app() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal child = co_await an.start_actor("generators", expose<&primes, &countdown>());

    std::cout << "primes above a million:";
    co_await child.stream_from<&primes>(1'000'000, [](receive_stream<int>& in) -> task<> {
      for (int i = 0; i < 5; ++i) {
        const int prime = co_await in.receive();
        std::cout << " " << prime;
      }
    });  // left early: the generator is cancelled, and over, by now
    std::cout << std::endl;

    co_await child.stream_from<&countdown>(3, [](receive_stream<std::string>& in) -> task<> {
      while (auto word = co_await in.next()) std::cout << *word << " ";
    });  // read to its end
    std::cout << std::endl;
    co_await child.cancel_actor();
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
