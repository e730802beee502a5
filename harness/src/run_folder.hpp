// A folder that belongs to this run alone.
#pragma once

#include <string>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::harness::detail {

// Its parts: what XDG_RUNTIME_DIR and TMPDIR are set to, and the folders of tests.
inline constexpr const char* runtime_part = "/runtime";
inline constexpr const char* temporary_part = "/tmp";
inline constexpr const char* scratch_part = "/scratch";

/// Makes the folder and points this process and its children to it: sockets and keys of two runs, or of a run
/// and of other programs of the user, never meet.
class run_folder {
 public:
  /// Of a whole run, locked while that lives. Removes the folders of runs that were killed. The destructor
  /// removes it.
  run_folder();
  /// Of a worker: an empty folder that its runner made and removes.
  explicit run_folder(std::string made);
  run_folder(const run_folder&) = delete;
  run_folder& operator=(const run_folder&) = delete;
  ~run_folder();

  const std::string& path() const noexcept { return path_; }

 private:
  void furnish();

  std::string path_;
  bool own_ = false;
  owned_fd lock_;
};

/// Ends what runs that were killed have left running, and removes their folders; false if
/// one of them has to stay.
bool clean_up_after_dead_runs();

/// Moves the folder of a test to where no run removes it; returns its new place. Throws `std::system_error`.
std::string set_aside(const std::string& folder, const std::string& test);

/// Gives this process and its children a /dev/shm of their own where that is allowed (as root): then nothing
/// in it is another run's. Call it before threads. False if it is not allowed.
bool make_shm_private() noexcept;

}  // namespace tractor::harness::detail
