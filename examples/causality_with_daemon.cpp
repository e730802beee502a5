// A daemon actor serves call after call until somebody cancels it; its memory is its own.
// Shows start_actor, several calls of one portal, and cancel_actor.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

int guests = 0;  // each process has its own

task<int> check_in(std::string guest) {
  ++guests;
  std::cout << current_actor().id().name() << " welcomes " << guest << std::endl;
  co_return guests;
}

task<> app() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal porter = co_await an.start_actor("porter", expose<&check_in>());

    for (const char* guest : {"ann", "bob", "zoe"}) co_await porter.run<&check_in>(guest);
    const int seen = co_await porter.run<&check_in>("the manager");
    std::cout << "the porter has counted " << seen << ", this process " << guests << std::endl;

    co_await porter.cancel_actor();  // a daemon lives until it is told to end
  });
  std::cout << "the porter has gone home" << std::endl;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
