#include "table.hpp"

#include <algorithm>

namespace tractor::cli {

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t at = 0; at < row.size(); ++at) {
      if (at == widths.size()) widths.push_back(0);
      widths[at] = std::max(widths[at], row[at].size());
    }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      out += row[at];
      if (at + 1 < row.size()) out.append(widths[at] - row[at].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace tractor::cli
