// One bare process that sends items to another.
#pragma once

#include <cstddef>

#include "raw_socket.hpp"

namespace bench {

/// A child process that reads whatever comes, 256 KiB at most in one call, and answers with one byte once it
/// has read `count` items of `size` bytes. Neither copied nor moved.
class raw_stream {
 public:
  /// See `raw_child`.
  raw_stream(bool unix_socket, std::size_t size, std::size_t count);
  /// Writes all items, each with one call, and waits for the answer.
  void send_all();

 private:
  std::size_t size_;
  std::size_t count_;
  raw_child child_;
};

}  // namespace bench
