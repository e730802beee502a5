// Two bare processes that send each other messages.
#pragma once

#include <cstddef>

#include "raw_socket.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace bench {

/// A child process that answers each message of `request` bytes with one of `answer` bytes. Both sides do one
/// write, one epoll_wait and one read a message. Neither copied nor moved.
class raw_ping_pong {
 public:
  /// See `raw_child`.
  raw_ping_pong(bool unix_socket, std::size_t request, std::size_t answer);
  void round_trip();

 private:
  raw_child child_;
  tractor::owned_fd epoll_;
  std::size_t request_;
  std::size_t answer_;
};

}  // namespace bench
