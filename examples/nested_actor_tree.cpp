// Actors start actors of their own: three levels of processes below this one, each with a nursery.
// Every actor waits for its children, so the whole tree is gone when the root's nursery is left.
#include <unistd.h>

#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;

// Yields one line for this actor and, indented, the lines of all below it.
task<std::vector<std::string>> grow(int levels) {
  std::vector<std::string> lines;
  lines.push_back(current_actor().id().name() + " (pid " + std::to_string(getpid()) + ")");
  if (levels == 0) co_return lines;

  co_await open_nursery([&](actor_nursery& an) -> task<> {
    const std::string prefix = current_actor().is_root() ? "" : current_actor().id().name() + ".";
    auto left = co_await an.run_in_actor<&grow>(prefix + "left", levels - 1);
    auto right = co_await an.run_in_actor<&grow>(prefix + "right", levels - 1);
    for (const auto& line : co_await left.wait_for_result()) lines.push_back("    " + line);
    for (const auto& line : co_await right.wait_for_result()) lines.push_back("    " + line);
  });
  co_return lines;
}

task<> app() {
  for (const std::string& line : co_await grow(3)) std::cout << line << std::endl;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
