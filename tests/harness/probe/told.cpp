// What a run's flags make of the tree of a test.
#include <cstdio>
#include <tractor/harness/harness.hpp>
#include <tractor/log/logger.hpp>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace tractor::harness;

namespace told {

task<bool> hears_of_cancels() { co_return log::subsystem::runtime.enabled(log::level::cancel); }

TRACTOR_TEST(told, by_flags, (loglevel level, debug_mode debug)) {
  bool child = false;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&hears_of_cancels>());
    child = co_await kid.run<&hears_of_cancels>();
    an.cancel();
  });
  std::printf("level '%s', debug mode %s; cancels are logged: root %d, child %d\n", level.text().c_str(),
              debug ? "on" : "off", log::subsystem::runtime.enabled(log::level::cancel), child);
  CO_FAIL("to be seen");
}

TRACTOR_TEST(told, room, ()) {
  std::printf("room of %.1f, %s\n", head_room(), head_room() == head_room() ? "the same" : "another one");
  CO_FAIL("to be seen");
}

TRACTOR_TEST(told, room_again, ()) {
  std::printf("again %.1f\n", head_room());
  CO_FAIL("to be seen");
}

}  // namespace told
