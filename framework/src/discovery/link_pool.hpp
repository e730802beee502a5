// The connections that discovery makes: shared by all who need one to the same peer, closed when unused.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/actor_runtime.hpp"

namespace tractor::detail {

/// Shares connections. A pointer that it yields is a use of the connection, and so is each copy of it, in a
/// portal or in a call under way; when the last one is gone and the peer uses the connection neither, it is
/// closed.
///
/// Connections of parents and children, and those of peers that know nothing of this, are never closed here.
/// Shared with the uses, which may outlive the runtime. Loop thread only.
class link_pool : public std::enable_shared_from_this<link_pool> {
 public:
  explicit link_pool(actor_runtime& self) : self_(self) {}
  link_pool(const link_pool&) = delete;
  link_pool& operator=(const link_pool&) = delete;

  /// A use of a connection to whoever listens at `where`: one that exists, or a new one. A checkpoint,
  /// bounded by the handshake's. `uuid` is the peer's, if it is known. Throws as `actor_runtime::connect`
  /// does.
  task<std::shared_ptr<link>> acquire(address where, std::string uuid = {});
  /// A use of a connection that exists to the actor of that uuid; null if there is none.
  std::shared_ptr<link> find(const std::string& uuid);
  /// A use of this connection.
  std::shared_ptr<link> use(const std::shared_ptr<link>& via);
  /// Answers a peer that wants to close: true if nobody uses the connection here. Nobody will then.
  bool let_go(link& via) noexcept;
  /// Closes nothing any more: the runtime ends, and closes all in its own order.
  void stop() noexcept { stopped_ = true; }

 private:
  class user;
  class attempt {
   public:
    event done;
    std::exception_ptr error;
  };
  std::shared_ptr<link> find_at(const address& where);
  task<std::shared_ptr<link>> dial(address where);
  void unused(const std::shared_ptr<link>& via) noexcept;
  task<> close_unused(std::shared_ptr<link> via);

  actor_runtime& self_;
  std::map<std::string, std::shared_ptr<attempt>> dialling_;  // by address text
  bool stopped_ = false;
};

}  // namespace tractor::detail
