#include "test_bound.hpp"

#include "declared.hpp"
#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

std::chrono::nanoseconds bound_of_process(const std::string& name) {
  std::chrono::nanoseconds own = std::chrono::seconds(60);
  for (const test_case& each : declared_tests())
    if (name.starts_with(each.suite + "." + each.name + "/")) own = each.timeout;
  return std::chrono::duration_cast<std::chrono::nanoseconds>((own + std::chrono::seconds(30)) *
                                                              current_session().timeout_scale);
}

}  // namespace tractor::harness::detail
