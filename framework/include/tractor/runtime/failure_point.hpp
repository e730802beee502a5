// Named places in the life of an actor, at which a test can make it fail.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tractor {

/// A place in the life of a child actor; the harness's `nemesis` strikes there.
///
/// In the order in which an actor that is called once comes by. A root actor has none.
enum class failure_point : std::uint8_t {
  boot,       ///< it runs, and has not called its parent yet
  connected,  ///< it has shaken hands with its parent, and serves nothing yet
  serving,    ///< it can be called, which its parent may not know yet
  message,    ///< a message has arrived over any of its connections, and is not looked at yet
  call,       ///< a call is about to run
  result,     ///< a call has returned, and its result is not sent yet
  cancelled,  ///< it is asked to end
  teardown,   ///< it begins to put its things away
  any,        ///< each of these counts
};

/// The words for them in a plan, in the order of `failure_point`.
inline constexpr std::array<std::string_view, 9> failure_point_names = {
    "boot", "connected", "serving", "message", "call", "result", "cancelled", "teardown", "any"};

/// Names the folder with the plan of a nemesis, which every child actor reads at its boot.
///
/// The file `plan` in it has a line for each strike: `kill|stop|cut|half-close POINT TIME ACTOR`, as `kill
/// call 2 worker`: the second time that the actor `worker` is about to run a call. `#3` for ACTOR is the
/// third to boot. A strike comes once, whoever else has that name. The struck one writes its pid to
/// `struck.LINE`.
inline constexpr const char* nemesis_variable = "TRACTOR_NEMESIS";

}  // namespace tractor
