// An actor's hold on its zygote.
#pragma once

#include <string>

#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/spawn_backend.hpp"

namespace tractor::fork_spawn_detail {

/// Starts the zygote, knows whether it lives, ends it. Neither copied nor moved.
///
/// A copy of this object that a fork made belongs to another process: it counts as never started there.
class zygote_link {
 public:
  zygote_link() = default;
  zygote_link(const zygote_link&) = delete;
  zygote_link& operator=(const zygote_link&) = delete;

  /// Forks the zygote; nothing if it runs already. Throws `std::system_error`.
  void start(const boot_info& boot);
  /// The socket for requests. Throws `std::system_error` when there is no zygote, or no longer one.
  int socket();
  /// Reports what ended the zygote, in one sentence that every later call repeats; empty while it lives.
  std::string death();
  /// Ends it by force: it has not answered in time.
  void kill() noexcept;
  /// The zygote's pid while it runs or waits to be reaped, else 0.
  int pid() const noexcept;
  /// Closes the socket and reaps. Idempotent.
  void stop() noexcept;

 private:
  void forget_if_copied() noexcept;
  void check_same_process_state() const;
  bool reap(int timeout_ms) noexcept;

  int owner_ = 0;  // the process that started it
  int pid_ = 0;
  int session_ = 0;
  unsigned user_ = 0, group_ = 0;
  bool reaped_ = false;
  std::string death_;
  owned_fd socket_;
  owned_fd pidfd_;
};

}  // namespace tractor::fork_spawn_detail
