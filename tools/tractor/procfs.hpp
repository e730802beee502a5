// Files of /proc.
#pragma once

#include <string>
#include <vector>

namespace tractor::cli::procfs {

/// The folder of a process.
std::string folder_of(int pid);

/// Returns the text of a file; what there is of it when it ends meanwhile, as a process may.
std::string read(const std::string& path);

std::vector<std::string> names_in(const std::string& folder);

/// Where a symbolic link points to; empty if it is none.
std::string target_of(const std::string& link);

}  // namespace tractor::cli::procfs
