// Running the test program in the cell of a test.
#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <vector>

namespace process_tests {

/// The command line of the test program in a mode, with the cell's backend and transport.
inline tractor::harness::command program(const std::string& mode, const std::string& method,
                                         const std::string& proto, const std::string& registry) {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  tractor::harness::command line(folder / "tractor_process_program");
  line.arg(mode, "--spawn-backend", method, "--tpt-proto", proto, "--registry-addr", registry);
  return line;
}

/// True when no process of these is left within the bound; zombies that became ours are reaped.
inline bool all_gone(const std::vector<pid_t>& pids, std::chrono::nanoseconds bound) {
  const auto until = std::chrono::steady_clock::now() + bound;
  for (;;) {
    bool left = false;
    for (const pid_t pid : pids) {
      ::waitpid(pid, nullptr, WNOHANG);
      left = left || ::kill(pid, 0) == 0;
    }
    if (!left) return true;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

inline std::chrono::nanoseconds roomy(std::chrono::duration<double> bound) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(bound * tractor::harness::head_room());
}

}  // namespace process_tests
