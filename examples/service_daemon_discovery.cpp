// A daemon is found by its name, called and cancelled by another actor than the one that started it, while a
// third place watches it come and go. Shows wait_for_actor, find_options, watch_actors and cancel_actor over
// a portal that was found.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace std::chrono_literals;

task<std::string> forecast(std::string town) { co_return "fair weather in " + town; }

// Runs in an actor that knows the daemon's name and nothing else.
task<std::string> consult(std::string service, std::string town) {
  portal daemon = co_await fail_after(5s, wait_for_actor(service));
  std::string answer = co_await daemon.run<&forecast>(town);
  co_await daemon.cancel_actor();
  // Whoever is cancelled is off the registry by the time it says so.
  auto again = co_await find_actor(service);
  if (again) answer += ", and it is still there";
  co_return answer;
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    actor_watch watch = watch_actors("weather-", find_options().prefix());
    co_await an.start_actor("weather-daemon", expose<&forecast>());
    auto came = co_await fail_after(5s, watch.next());

    portal visitor = co_await an.start_actor("visitor", expose<&consult>());
    const std::string answer = co_await visitor.run<&consult>(came->who.id.name(), "Rome");
    auto went = co_await fail_after(5s, watch.next());
    co_await visitor.cancel_actor();

    std::cout << came->who.id.name() << " came\n"
              << answer << '\n'
              << went->who.id.name() << " went" << std::endl;
    co_return went->what == registry_change::kind::gone ? 0 : 1;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
