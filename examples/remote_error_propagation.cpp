// An exception in a grandchild unwinds the tree as if it were one program: its siblings are cancelled, and
// the root catches it, with its type, where it was raised and through whom it came.
#include <iostream>
#include <stdexcept>
#include <tractor/tractor.hpp>

using namespace tractor;

task<> take_order(int plates) {
  if (plates < 1) throw std::invalid_argument("an order of " + std::to_string(plates) + " plates");
  co_return;
}

task<> cook() {
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
    std::cout << current_actor().id().name() << " is told to stop" << std::endl;
    throw;
  }
}

task<> kitchen() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal first = co_await an.start_actor("cook", expose<&cook>());
    an.tasks().start_soon([&] { return first.run<&cook>(); });
    co_await an.run_in_actor<&take_order>("waiter", -3);
    co_await sleep_forever();
  });
}

task<> app() {
  try {
    co_await open_nursery([](actor_nursery& an) -> task<> { co_await an.run_in_actor<&kitchen>("kitchen"); });
  } catch (const remote_actor_error& error) {
    std::cout << "raised by:  " << error.src_uid().name() << "\n"
              << "as:         " << error.src_type_str() << ": " << error.message() << "\n"
              << "came along: ";
    for (const actor_id& hop : error.relay_path()) std::cout << hop.name() << " > ";
    std::cout << current_actor().id().name() << std::endl;
    if (error.boxed_type_is<std::invalid_argument>()) co_return;
    throw;
  }
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
