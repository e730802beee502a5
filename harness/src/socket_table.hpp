// What sockets there are, from /proc/net.
#pragma once

#include <map>
#include <string>

namespace tractor::harness::detail {

/// The sockets of this network namespace at one moment: what a descriptor's `socket:[4711]` stands for.
class socket_table {
 public:
  /// Reads the table when it is asked for the first time.
  socket_table() = default;

  /// Returns ` (listens on 127.0.0.1:4711)`, ` (127.0.0.1:1 to 127.0.0.1:2)` or ` (listens on /run/x.sock)`
  /// for the target of a descriptor's link; nothing for what is no socket, or has no address.
  std::string describe(const std::string& target) const;

 private:
  void read() const;

  mutable bool is_read_ = false;
  mutable std::map<std::string, std::string> by_inode_;
};

}  // namespace tractor::harness::detail
