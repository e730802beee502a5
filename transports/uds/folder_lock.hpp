// Who binds sockets in a folder, and who removes them, keep out of each other's way.
#pragma once

#include <string>

#include "tractor/async/task.hpp"

namespace tractor::uds {

/// A lock on a folder, by the file `.lock` in it; the kernel frees it when its owner dies.
///
/// Shared by those that bind where nothing stands, and exclusive for those that remove. It covers the time
/// between bind and listen, when a socket looks dead, and the time between the proof that one is dead and its
/// removal. Never held while waiting. Neither copied nor moved.
class folder_lock {
 public:
  /// `how` is LOCK_EX, or LOCK_SH for those that do not mind each other.
  folder_lock(std::string folder, int how) : folder_(std::move(folder)), how_(how) {}
  ~folder_lock();
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

  /// Takes the lock if it is free. Throws `boost::system::system_error` if the folder does not allow one.
  bool try_lock();
  /// Waits for the lock, at most some seconds: then the error says that somebody sits on it. A checkpoint.
  task<> lock();
  /// Waits for the lock without a loop, at most a second; false if it did not get it.
  bool lock_blocking();

 private:
  std::string file() const { return folder_ + "/.lock"; }
  std::string folder_;
  int how_;
  int fd_ = -1;
};

}  // namespace tractor::uds
