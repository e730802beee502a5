// Asking a running process for its tasks.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor {

/// Asks a process for the dump that SIGUSR1 calls for, and reads the answer in its dump file (see
/// `dump_path`), wherever that lies: also in a sandbox.
///
/// The process is held by a pidfd: what has its number later is never asked. It does not write the answer to
/// its stderr unless it can write no file; its children are asked by it in the same way. No checkpoints;
/// nothing throws but `std::bad_alloc`.
class TRACTOR_API dump_request {
 public:
  /// What has become of it. `stopped` answers when it goes on; `deaf` would die of the signal.
  enum class answer { none_yet, given, ended, stopped, deaf };
  /// What SIGUSR1 carries by `sigqueue` when the answer is for the file alone.
  static constexpr int quiet = 0x64756d70;
  /// The line between the tasks and the end of the log in an answer.
  static constexpr std::string_view log_head = "the end of its log:\n";

  /// Prepares to ask; sends nothing.
  explicit dump_request(pid_t pid);

  /// Whether the process has a handler for the signal by now. One that boots has none yet, and a helper of a
  /// backend never has.
  bool is_heard() const;
  /// Sends the signal, unless it has no use; then `is` says why. May be done again: an actor gives one answer
  /// to all who ask within half a second, of which the first may have begun before this request.
  void ask();
  /// Reads what has been answered by now.
  answer look();
  answer is() const noexcept { return is_; }
  bool open() const noexcept { return is_ == answer::none_yet; }

  /// The first line of the answer names the actor and its state; then its task tree. Empty until `given`.
  const std::string& text() const noexcept { return text_; }
  /// The last lines that it has logged, at most 4 KiB.
  const std::string& log() const noexcept { return log_; }

 private:
  std::string dump_file() const;

  pid_t pid_;
  owned_fd process_;
  off_t begin_ = 0;
  answer is_ = answer::none_yet;
  std::string text_, log_;
};

/// Says in words what an answer is.
TRACTOR_API const char* to_string(dump_request::answer is);

}  // namespace tractor
