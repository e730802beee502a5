// The sockets that processes listen at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tractor::cli {

/// Multiaddrs of all listening sockets of the machine, by inode, as they were when it was made.
class listening_sockets {
 public:
  listening_sockets();

  /// Those that a process has, sorted.
  std::vector<std::string> of(int pid) const;

 private:
  void read_tcp(const char* path, int family);
  void read_unix();

  std::map<std::uint64_t, std::string> by_inode_;
};

}  // namespace tractor::cli
