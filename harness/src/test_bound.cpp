#include "test_bound.hpp"

#include "declared.hpp"
#include "session.hpp"

namespace tractor::harness::detail {

std::chrono::nanoseconds bound_of_process(const std::string& name) {
  const test_case* const test = find_declared(name);
  const std::chrono::nanoseconds own = test ? test->timeout : std::chrono::seconds(60);
  return scaled(own + std::chrono::seconds(30));
}

}  // namespace tractor::harness::detail
