// Scopes and deadlines: work that is cut off in time, here and in another process, and cleans up behind
// itself.
#include <chrono>
#include <iostream>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace std::chrono_literals;

namespace {

task<int> answer(int patience_ms) {
  co_await sleep(std::chrono::milliseconds(patience_ms));
  co_return 42;
}

task<> show_deadlines(portal oracle) {
  // An answer within the time, or none: both are fine.
  const timed<int> soon = co_await move_on_after(10s, oracle.run<&answer>(0));
  std::cout << "soon: " << (soon ? "an answer" : "none") << "\n";
  const timed<int> late = co_await move_on_after(50ms, oracle.run<&answer>(60'000));
  std::cout << "late: " << (late ? "an answer" : "none") << "\n";

  // No answer is an error.
  try {
    co_await fail_after(50ms, oracle.run<&answer>(60'000));
  } catch (const too_slow_error& error) {
    std::cout << "too slow: " << error.what() << "\n";
  }
}

task<> show_siblings() {
  // Tasks live in a nursery: it is left when all have ended, and a scope around it ends them all.
  int left = 0;
  auto race = [&](task_nursery& tasks) -> task<> {
    for (int i = 0; i < 3; ++i)
      tasks.start_soon([&, i]() -> task<> {
        // The clean-up may await, too; its bound is the last argument.
        co_await with_cleanup([&]() -> task<> { co_await sleep(i == 0 ? 10ms : 60'000ms); },
                              [&]() -> task<> {
                                ++left;
                                co_return;
                              },
                              1s);
        tasks.scope().cancel();
      });
    co_return;
  };
  co_await open_task_nursery(race);
  std::cout << "left: " << left << " of 3, in order\n";
}

task<> app() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal oracle = co_await an.start_actor("oracle", expose<&answer>());
    co_await show_deadlines(oracle);
    co_await oracle.cancel_actor();
  });
  co_await show_siblings();
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv, &app); }
