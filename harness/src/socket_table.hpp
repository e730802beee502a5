// What sockets there are, from /proc/net.
#pragma once

#include <map>
#include <string>
#include <utility>

namespace tractor::harness::detail {

/// The sockets of a network namespace at one moment: what a descriptor's `socket:[4711]` stands for.
class socket_table {
 public:
  /// For the namespace of a process, of this one if none is named. Reads the table when it is asked for the
  /// first time.
  explicit socket_table(std::string process = "/proc/self") : process_(std::move(process)) {}

  /// Returns ` (listens on 127.0.0.1:4711)`, ` (127.0.0.1:1 to 127.0.0.1:2)` or ` (listens on /run/x.sock)`
  /// for the target of a descriptor's link; nothing for what is no socket, or has no address.
  std::string describe(const std::string& target) const;

 private:
  void read() const;

  std::string process_;
  mutable bool is_read_ = false;
  mutable std::map<std::string, std::string> by_inode_;
};

}  // namespace tractor::harness::detail
