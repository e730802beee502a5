// The projects that `tractor new` writes: the sample plugins, compiled in.
#pragma once

#include <span>
#include <string_view>

namespace tractor::cli {

struct skeleton_file {
  std::string_view name, text;
};

/// A project of one plugin. Wherever `key` stands in a text, the key of the new plugin belongs.
struct skeleton {
  std::string_view kind, key;
  std::span<const skeleton_file> files;
};

extern const skeleton transport_skeleton, backend_skeleton;

}  // namespace tractor::cli
