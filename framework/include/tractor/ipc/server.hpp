// Listening: endpoints, inbound handshakes, and the table of peers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tractor/async/task_nursery.hpp"
#include "tractor/ipc/handshake.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::ipc {

/// Bounds and rules of a server. A value.
class server_options {
 public:
  handshake_options identity;
  msg::frame_limits limits;
  duration handshake_timeout = std::chrono::seconds(10);
  /// Connections that may be in their handshake at once; for a further one the oldest is dropped, if it took
  /// longer than 200 ms, else that one waits to be accepted.
  std::size_t max_unauthenticated = 128;
};

/// Accepts connections on any number of endpoints and shakes hands with each peer.
///
/// Usable without an actor runtime. Peers that are slow, broken or refused are dropped with one log line; the
/// server lives on. Runs its tasks in the nursery it is given; may be destroyed before that ends, which is a
/// `cancel`. Loop thread only.
class TRACTOR_API server {
 public:
  /// Serves one peer for the life of its connection; the channel is closed when it returns or throws.
  using handler = std::function<task<>(std::shared_ptr<channel>, handshake_result)>;

  server(task_nursery& nursery, server_options options, handler serve);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Binds `where` and accepts from then on; yields the bound address. May be called at any time.
  task<address> listen_on(transport& via, address where);
  /// Accepts from a listener that is bound already; yields its address. Not a checkpoint.
  address adopt(std::unique_ptr<listener> bound);
  /// The addresses in use.
  std::vector<address> endpoints() const;
  /// Stops accepting on every endpoint; connections that exist stay. One failing close does not stop the
  /// others.
  void cancel() noexcept;
  /// Waits until all endpoints are closed. A checkpoint.
  task<> wait_shutdown();

  /// Counts the connections whose handshake is done.
  std::size_t peer_count() const noexcept;
  bool has_peers() const noexcept { return peer_count() != 0; }
  /// A connection to the actor of that uuid, if there is one.
  std::shared_ptr<channel> find_peer(const std::string& uuid) const;
  /// Waits for a connection of the actor of that uuid. A checkpoint.
  task<std::shared_ptr<channel>> wait_for_peer(std::string uuid);
  /// Waits until no connection is left. A checkpoint.
  task<> wait_for_no_more_peers();

 private:
  class state;  // shared with the tasks
  std::shared_ptr<state> state_;
};

}  // namespace tractor::ipc
