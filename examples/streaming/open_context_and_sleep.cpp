// Opens a context with an endpoint that sleeps for ever, and sleeps a while itself: a deadline here ends
// both. Neither end outlives the other, and the endpoint learns why it is over.
#include <chrono>
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace std::chrono_literals;

task<> sleeper(context<starts<std::string>>& ctx) {
  co_await ctx.started("good night");
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
    std::cout << current_actor().id().name() << ": woken up, " << ctx.state() << std::endl;
    throw;
  }
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    portal child = co_await an.start_actor("sleeper", expose<&sleeper>());

    // A deadline around the context: it cancels the body, and with it the endpoint in the other process.
    auto body = [](auto&, std::string first) -> task<> {
      std::cout << "the child says " << first << std::endl;
      co_await sleep_forever();
    };
    auto in_time = co_await move_on_after(100ms, child.open_context<&sleeper>(body));
    std::cout << "the deadline has passed: " << std::boolalpha << in_time.cancelled_caught() << std::endl;

    // A cancel of the context alone: no error, for whoever has asked for it.
    const bool acknowledged = co_await child.open_context<&sleeper>([](auto& ctx, std::string) -> task<bool> {
      co_await sleep(50ms);
      co_await ctx.cancel("slept enough");
      co_return ctx.cancel_acked();
    });
    std::cout << "the cancel is acknowledged: " << acknowledged << std::endl;
    co_await child.cancel_actor();
    co_return in_time.cancelled_caught() && acknowledged ? 0 : 1;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
