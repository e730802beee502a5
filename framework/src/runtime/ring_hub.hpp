// Handing out the ends of a ring: here, or to another actor through a socket.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "runtime/ring_end.hpp"
#include "tractor/detail/asio.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/runtime/ring_token.hpp"

namespace tractor::detail {

/// What the maker of a ring keeps of it: the memory, the events, and each end that nobody has taken.
///
/// For each of these it listens on an abstract socket, which leaves no file behind and cannot be bound by
/// somebody else meanwhile. The first process of this user that connects gets the descriptors by SCM_RIGHTS.
class ring_hub : public std::enable_shared_from_this<ring_hub> {
 public:
  ring_hub(std::size_t capacity, std::string element, std::size_t element_size);
  ring_hub(const ring_hub&) = delete;
  ring_hub& operator=(const ring_hub&) = delete;

  void start();
  const ring_token& token() const noexcept { return token_; }
  ring_handle take(ring_role role);

 private:
  using socket = asio::local::stream_protocol::socket;
  void listen(ring_role role);
  void accept(ring_role role);
  bool hand_out(ring_role role, int to);

  std::shared_ptr<ring_memory> memory_;
  ring_token token_;
  owned_fd item_event_, room_event_;
  std::array<owned_fd, 2> lifelines_;  // by role; none when that end is taken
  std::array<std::optional<asio::local::stream_protocol::acceptor>, 2> listeners_;
};

/// Makes the end whose descriptors these are.
ring_handle make_ring_end(ring_role role, std::shared_ptr<ring_memory> memory, ring_fds& fds);

}  // namespace tractor::detail
