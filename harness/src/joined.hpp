// A list as one text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tractor::harness::detail {

/// Returns the words with `between` between them.
inline std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string out;
  for (const std::string& each : words) {
    if (!out.empty()) out += between;
    out += each;
  }
  return out;
}

}  // namespace tractor::harness::detail
