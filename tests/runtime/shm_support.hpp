// What the tests of shared memory have in common.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tractor/runtime/shm_leftovers.hpp"

namespace tractor::testing {

inline std::string path_of(const std::string& key) { return std::string(shm_folder) + "/" + key; }
inline bool is_there(const std::string& key) { return ::access(path_of(key).c_str(), F_OK) == 0; }

/// The segments that this process owns, by their names.
inline std::vector<std::string> own_segments() {
  std::vector<std::string> out;
  const std::string ours = "tractor-shm." + std::to_string(::getpid()) + ".";
  for (const auto& entry : std::filesystem::directory_iterator(shm_folder))
    if (entry.path().filename().string().starts_with(ours)) out.push_back(entry.path().filename());
  return out;
}

inline std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

inline std::size_t mapped_segments() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    if (line.find(shm_folder) != std::string::npos) ++count;
  return count;
}

/// The text of the `Error` that `body` must throw.
template <class Error, class F> std::string thrown_by(F&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace tractor::testing
