// Trees whose peers are soon missed when they fall silent.
#pragma once

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace process_tests {

/// A config file with short heartbeats, for the trees that this process and its programs boot meanwhile. The
/// bound has the machine's head room.
class short_heartbeats {
 public:
  short_heartbeats(const std::string& file, std::chrono::milliseconds period,
                   std::chrono::milliseconds timeout) {
    const auto silent =
        static_cast<long>(static_cast<double>(timeout.count()) * tractor::harness::head_room());
    std::ofstream(file) << "timeouts: {heartbeat_period: " << period.count()
                        << "ms, heartbeat_timeout: " << silent << "ms}\n";
    ::setenv("TRACTOR_CONFIG", file.c_str(), 1);
  }
  short_heartbeats(const short_heartbeats&) = delete;
  short_heartbeats& operator=(const short_heartbeats&) = delete;
  ~short_heartbeats() { ::unsetenv("TRACTOR_CONFIG"); }
};

/// The options of a tree in the cell of a test.
inline tractor::run_options tree_of(const std::string& method, const std::string& proto,
                                    const std::string& registry) {
  tractor::run_options options;
  options.start_method(method).enable_transports(proto).registry_addrs(registry);
  return options;
}

}  // namespace process_tests
