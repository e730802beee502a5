// The smallest tree: a child process that adds two numbers for its parent.
#include <iostream>

#include "tractor/tractor.hpp"

using namespace tractor;

task<int> add(int a, int b) { co_return a + b; }

task<int> app() {
  int sum = co_await open_nursery([&](actor_nursery& an) -> task<int> {
    portal adder = co_await an.start_actor("adder", expose<&add>());  // a process of its own
    int n = co_await adder.run<&add>(1, 2);                           // a typed call into it
    co_await adder.cancel_actor();
    co_return n;
  });  // here the child has ended and is reaped, whatever happened above
  std::cout << "1 + 2 = " << sum << "\n";
  co_return sum == 3 ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
