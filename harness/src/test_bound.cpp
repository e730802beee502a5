#include "test_bound.hpp"

#include "declared.hpp"
#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

std::chrono::nanoseconds bound_of_process(const std::string& name) {
  const test_case* const test = find_declared(name);
  const std::chrono::nanoseconds own = test ? test->timeout : std::chrono::seconds(60);
  return std::chrono::duration_cast<std::chrono::nanoseconds>((own + std::chrono::seconds(30)) *
                                                              current_session().timeout_scale);
}

}  // namespace tractor::harness::detail
