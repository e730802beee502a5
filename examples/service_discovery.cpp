// A service is found by its name from another process of the tree, called there, and no longer found once it
// ended. Shows find_actor, which yields nothing for a name that nobody has, and wait_for_actor, which waits
// for one.
#include <iostream>
#include <optional>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace std::chrono_literals;

task<std::string> motto() { co_return "a parent outlives its children"; }

task<std::string> consult_oracle() {
  portal oracle = co_await fail_after(5s, wait_for_actor("oracle"));
  co_return co_await oracle.run<&motto>();
}

task<bool> has_oracle() {
  std::optional<portal> oracle = co_await find_actor("oracle");
  co_return oracle.has_value();
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    portal pilgrim = co_await an.start_actor("pilgrim", expose<&consult_oracle, &has_oracle>());
    const bool before = co_await pilgrim.run<&has_oracle>();

    portal oracle = co_await an.start_actor("oracle", expose<&motto>());
    const std::string answer = co_await pilgrim.run<&consult_oracle>();

    co_await oracle.cancel_actor();
    const bool after = co_await pilgrim.run<&has_oracle>();
    co_await pilgrim.cancel_actor();

    std::cout << std::boolalpha << "an oracle at first: " << before << "\nit said: " << answer
              << "\nan oracle at last: " << after << std::endl;
    co_return before || after ? 1 : 0;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
