// Text in columns.
#pragma once

#include <string>
#include <vector>

namespace tractor::cli {

/// Returns the rows with their columns lined up, two spaces between them, a newline after each row.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace tractor::cli
