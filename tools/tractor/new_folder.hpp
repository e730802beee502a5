// A folder of new files: either all of them are written, or nothing is left.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tractor::cli {

/// Makes a folder, with the ones above it, and files in it. All that was made is removed again by the
/// destructor, unless `keep` was called.
///
/// Failures are `std::system_error` with a text that names the path.
class new_folder {
 public:
  /// `where` is no file, and empty if it is there.
  explicit new_folder(const std::filesystem::path& where);
  new_folder(const new_folder&) = delete;
  new_folder& operator=(const new_folder&) = delete;
  ~new_folder();

  /// Writes a file that is not there yet.
  void write(std::string_view name, const std::string& text);
  void keep() noexcept { made_.clear(); }

 private:
  void remove_all_made() noexcept;

  std::filesystem::path where_;
  std::vector<std::filesystem::path> made_;
};

}  // namespace tractor::cli
