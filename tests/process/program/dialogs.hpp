// The endpoints of the recorded dialogs of the reference, and the calls that its root makes there.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <tractor/tractor.hpp>

/// Outside of all namespaces, so that its name on the wire is that of the reference's.
class ValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace process_program {

using namespace tractor;

inline task<int> add(int a, int b) { co_return a + b; }

inline task<> boom() {
  throw ValueError("boom");
  co_return;
}

/// A worker that serves what the reference's worker served.
inline run_options recorded_worker() {
  run_options options;
  options.name("worker").allow_keyless_peers();
  options.expose_as<&add>("__main__:add", "a", "b").expose_as<&boom>("__main__:boom");
  return options;
}

/// Calls `__main__:<function>` of the actor named "worker" with named numbers, then cancels that actor; says
/// in a line each what came of it.
inline task<std::string> call_worker(std::string function, std::map<std::string, int> arguments) {
  const portal worker = co_await wait_for_actor("worker");
  msg::buffer kwargs;
  msg::writer to(kwargs);
  msg::encode(to, arguments);
  std::string out;
  try {
    const msg::raw value = co_await worker.run_from_ns("__main__", function, std::move(kwargs));
    out = "result " + msg::to_text(value) + "\n";
  } catch (const remote_actor_error& error) {
    out = "error " + error.src_type_str() + " boxed " + error.boxed_type_str() + " from " +
          error.src_uid().name() + " over";
    for (const actor_id& hop : error.relay_path()) out += " " + hop.name();
    out += "\n" + error.tb_str();
  }
  const bool acknowledged = co_await worker.cancel_actor();
  co_return out + (acknowledged ? "cancelled\n" : "not cancelled\n");
}

}  // namespace process_program
