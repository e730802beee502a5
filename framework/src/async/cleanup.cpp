#include "tractor/async/cleanup.hpp"

#include <chrono>

namespace tractor::detail {

bool holds_cancelled(const std::exception_ptr& error) {
  bool found = false;
  for_each_leaf(error, [&](const std::exception_ptr& leaf) { found = found || is_cancelled(leaf); });
  return found;
}

void throw_body_errors(std::exception_ptr of_body, std::exception_ptr of_cleanup) {
  if (of_body && of_cleanup && is_multi_cancelled(of_body))
    of_body = join_errors("the clean-up of a cancelled task failed", {of_body, of_cleanup});
  if (of_body) std::rethrow_exception(of_body);
  if (of_cleanup) std::rethrow_exception(of_cleanup);
}

void throw_slow_cleanup(duration bound) {
  const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(bound);
  throw too_slow_error("the clean-up did not end within its bound of " + std::to_string(span.count()) +
                       " ms");
}

}  // namespace tractor::detail
