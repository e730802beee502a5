// The file that a process keeps its dumps in.
#pragma once

#include <string>
#include <string_view>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::detail {

/// A file of this process in the user's runtime folder, made at the first write; see `dump_path`.
///
/// Writing allocates nothing and locks nothing, so that a signal handler may do it.
class dump_file {
 public:
  dump_file();
  dump_file(const dump_file&) = delete;
  dump_file& operator=(const dump_file&) = delete;
  /// Removes the file.
  ~dump_file();

  /// Appends a dump and an empty line, which ends it; yields whether the file took it.
  bool append(std::string_view dump) noexcept;

 private:
  bool open() noexcept;

  std::string folder_, name_;
  owned_fd folder_fd_, file_;
};

}  // namespace tractor::detail
