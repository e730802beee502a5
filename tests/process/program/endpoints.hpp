// What the test program serves, for tests that call it from another program.
#pragma once

#include <optional>
#include <string>
#include <tractor/tractor.hpp>

namespace process_program {

inline tractor::task<std::string> hello(std::string who) {
  co_return "hello " + who + ", says " + tractor::current_actor().id().name();
}

/// The uuid of the actor that is found by that name; empty when there is none.
inline tractor::task<std::string> uuid_of(std::string name) {
  const std::optional<tractor::portal> found = co_await tractor::find_actor(name);
  co_return found ? found->peer().uuid() : std::string();
}

/// The greeting of the actor that is found by that name.
inline tractor::task<std::string> greeting_of(std::string name) {
  tractor::portal found = co_await tractor::wait_for_actor(name);
  co_return co_await found.run<&hello>(tractor::current_actor().id().name());
}

}  // namespace process_program
