// The folders that plugins come from.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tractor/detail/export.hpp"

namespace tractor::plugin {

/// An ordered list of folders. A value.
///
/// The order is one of searching, not of overriding: two files that claim one key are an error wherever they
/// lie. A folder that does not exist is passed over. Never the working directory: a relative folder throws
/// `plugin_error`.
class TRACTOR_API search_path {
 public:
  /// One folder, and who named it.
  class folder {
   public:
    std::string path;
    std::string origin;
  };

  /// Appends one absolute folder; one that is there already is left where it is.
  void add(std::string_view folder, std::string_view origin);
  /// Appends the folders of a list that is separated by colons; empty parts are passed over.
  void add_list(std::string_view folders, std::string_view origin);

  const std::vector<folder>& folders() const& noexcept { return folders_; }
  /// Of a temporary by value: a loop over it would outlive it.
  std::vector<folder> folders() && noexcept { return std::move(folders_); }

  /// Composes the path of this process: the flag's folders, `TRACTOR_PLUGIN_PATH`, the config file's, the
  /// folder beside libtractor.so. The variable is passed over in a set-uid program.
  static search_path compose(const std::vector<std::string>& from_flag,
                             const std::vector<std::string>& from_config);

 private:
  std::vector<folder> folders_;
};

/// Returns `tractor/plugins` in the folder of libtractor.so, the same in a build tree and an installed one.
TRACTOR_API std::string built_in_folder();

/// Tells whether the kernel runs this program with more rights than its user has (set-uid, file
/// capabilities): then the environment must not choose code.
TRACTOR_API bool runs_privileged() noexcept;

}  // namespace tractor::plugin
