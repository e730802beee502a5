// A folder for one test that has no cell, and so no fixtures.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace tractor::harness::test {

/// Makes an empty folder; removes it with all in it.
class own_folder {
 public:
  own_folder() : path(testing::TempDir() + "tractor-test-XXXXXX") { ::mkdtemp(path.data()); }
  own_folder(const own_folder&) = delete;
  own_folder& operator=(const own_folder&) = delete;
  ~own_folder() { std::filesystem::remove_all(path); }

  std::string path;
};

}  // namespace tractor::harness::test
