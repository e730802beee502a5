// Where the socket files of measured actors are.
#pragma once

#include <string>

#include "raw_process.hpp"

namespace bench {

/// Sets XDG_RUNTIME_DIR to a fresh folder in memory while it lives, unless it is in memory already or
/// /dev/shm is not: a socket file on a disk costs what its file system takes, which is nothing of ours.
///
/// The folder goes with this object, or, when the process is killed, a moment after it: a shell waits for
/// that, which is no child of ours. Neither copied nor moved.
class runtime_folder_in_memory {
 public:
  /// Throws `std::system_error`.
  runtime_folder_in_memory();
  runtime_folder_in_memory(const runtime_folder_in_memory&) = delete;
  runtime_folder_in_memory& operator=(const runtime_folder_in_memory&) = delete;
  ~runtime_folder_in_memory();

 private:
  std::string before_, path_;  // the latter is empty if nothing was made
  bool was_set_ = false;
  pipe_pair life_;  // ends with this process
};

}  // namespace bench
