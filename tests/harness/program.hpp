// Programs of this build.
#pragma once

#include <filesystem>
#include <string>

namespace tractor::harness::test {

/// Returns the path of a program that lies beside this one.
inline std::string program(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace tractor::harness::test
