// The loggers of the process, and which of them has a level of its own.
#pragma once

#include <string_view>

#include "tractor/log/logger.hpp"

namespace tractor::log::detail {

/// Returns the logger of that name or alias, null if there is none.
logger* find_logger(std::string_view name);

void set_single_level(std::string_view name, level value);
void forget_single_levels();

}  // namespace tractor::log::detail
