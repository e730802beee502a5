// How channels and streams say that an operation cannot be done, and how they describe themselves.
#pragma once

#include <cstddef>
#include <limits>
#include <stdexcept>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Reports that everything sent has been received and that nothing more will come.
class TRACTOR_API end_of_channel : public std::runtime_error {
 public:
  end_of_channel();
  explicit end_of_channel(const std::string& what) : std::runtime_error(what) {}
};

/// Reports the use of something that this side has closed.
class TRACTOR_API closed_resource : public std::runtime_error {
 public:
  closed_resource();
  explicit closed_resource(const std::string& what) : std::runtime_error(what) {}
};

/// Reports that the other side is gone, so that nobody would receive what is sent.
class TRACTOR_API broken_channel : public std::runtime_error {
 public:
  broken_channel();
  explicit broken_channel(const std::string& what) : std::runtime_error(what) {}
};

/// Reports that a `_nowait` operation would have had to wait.
class TRACTOR_API would_block : public std::runtime_error {
 public:
  would_block();
  explicit would_block(const std::string& what) : std::runtime_error(what) {}
};

/// The capacity of a channel whose senders never wait. Its memory has no bound: prefer a number.
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// A snapshot of a channel, for logs and tests.
struct channel_statistics {
  std::size_t queued = 0;
  std::size_t capacity = 0;
  std::size_t open_senders = 0;
  std::size_t open_receivers = 0;
  std::size_t waiting_senders = 0;
  std::size_t waiting_receivers = 0;
};

}  // namespace tractor
