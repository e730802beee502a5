// A tree whose actors talk over unix sockets: one word in the options, the rest of the program stays as it
// is. A flag (--tpt-proto tcp) or the environment (TRACTOR_TPT_PROTO=tcp) overrides the choice.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

// Where this actor listens, and the same of an actor below it.
task<std::string> describe_line(int below) {
  std::string line;
  for (const address& where : current_actor().addresses())
    line += current_actor().id().name() + " listens on " + where.text() + "\n";
  if (below == 0) co_return line;
  line += co_await open_nursery([&](actor_nursery& an) -> task<std::string> {
    auto child = co_await an.run_in_actor<&describe_line>(below == 2 ? "child" : "grandchild", below - 1);
    co_return co_await child.wait_for_result();
  });
  co_return line;
}

task<> app() { std::cout << co_await describe_line(2) << std::flush; }

int main(int argc, char** argv) {
  run_options options;
  options.enable_transports("uds");
  return tractor::run(argc, argv, options, &app);
}
