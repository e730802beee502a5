// One function, one process, one result: run_in_actor starts an actor that makes a single call and ends.
// The nursery is left only when the child is gone; an error in it would be raised right here.
#include <unistd.h>

#include <iostream>
#include <tractor/tractor.hpp>

using namespace tractor;

task<int> sum_of_squares(int last) {
  int sum = 0;
  for (int i = 1; i <= last; ++i) sum += i * i;
  std::cout << "process " << getpid() << " adds up" << std::endl;
  co_return sum;
}

task<> app() {
  const int sum = co_await open_nursery([](actor_nursery& an) -> task<int> {
    auto child = co_await an.run_in_actor<&sum_of_squares>("adder", 10);
    co_return co_await child.wait_for_result();
  });
  std::cout << "process " << getpid() << " gets " << sum << std::endl;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
