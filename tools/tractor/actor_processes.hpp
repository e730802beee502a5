// The actors that run on this machine, as the kernel shows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tractor::cli {

/// One process of a tree of actors. A value.
struct actor_process {
  enum class role { root, actor, helper };

  int pid = 0;
  int parent = 0;
  std::size_t depth = 0;  ///< how many listed processes are above it
  role is = role::actor;
  std::string name;   ///< `name@<first 8 of the uuid>`; a root's is that of its program
  std::string state;  ///< running, sleeping, waiting (for a device), stopped, zombie
  std::uint64_t threads = 0;
  double cpu_seconds = 0;
  double age_seconds = 0;
  std::uint64_t rss_kib = 0;            ///< resident, shared pages in full
  std::uint64_t pss_kib = 0;            ///< resident, shared pages divided by those who share them
  std::vector<std::string> listens;     ///< multiaddrs of the sockets it accepts connections at
  std::vector<std::string> backends;    ///< keys of the spawn backends that it has loaded
  std::vector<std::string> transports;  ///< keys of the transports that it has loaded
  std::optional<std::size_t> tasks;     ///< known only if it was asked
};

const char* to_string(actor_process::role is);

/// Finds the actors of this user and the roots above them, each parent before its children.
///
/// Known by their titles; a root is a parent that runs the same program without one. With `helpers` also the
/// processes that backends keep beside actors. Asks no actor: one that is stopped or hangs is listed too.
std::vector<actor_process> find_actor_processes(bool helpers);

/// Finds one process of this user that has a runtime: also a root with no actor below it. Nothing if it is
/// none.
std::optional<actor_process> find_actor_process(int pid);

}  // namespace tractor::cli
