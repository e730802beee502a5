// Two actors who know of each other only by name: each waits for the other to enter the scene, then greets.
// Shows start_actor, wait_for_actor, and calls that run at the same time in several processes.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

task<std::string> hello(std::string guest) {
  co_return "Hello " + guest + ", my name is " + current_actor().id().name() + ".";
}

task<> enter_scene(std::string partner) {
  const std::string me = current_actor().id().name();
  portal other = co_await wait_for_actor(partner);
  const std::string answer = co_await other.run<&hello>(me);
  std::cout << me << " hears: " << answer << std::endl;
}

task<> first_scene() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal donny = co_await an.start_actor("donny", expose<&enter_scene, &hello>());
    portal gretchen = co_await an.start_actor("gretchen", expose<&enter_scene, &hello>());

    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return donny.run<&enter_scene>("gretchen"); });
      tn.start_soon([&] { return gretchen.run<&enter_scene>("donny"); });
      co_return;
    });
    std::cout << "And cut: both have met." << std::endl;
    co_await donny.cancel_actor();
    co_await gretchen.cancel_actor();
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &first_scene); }
