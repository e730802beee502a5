#include "declared.hpp"

namespace tractor::harness {

// Inside of functions, since tests declare themselves in an order that nobody knows.
std::deque<test_case>& detail::declared_tests() {
  static std::deque<test_case> all;
  return all;
}
std::vector<std::function<void()>>& detail::declared_sources() {
  static std::vector<std::function<void()>> all;
  return all;
}

const test_case* detail::find_declared(std::string_view name) {
  for (const test_case& each : declared_tests())
    if (name.starts_with(each.suite + "." + each.name + "/")) return &each;
  return nullptr;
}

void declare(test_case test) { detail::declared_tests().push_back(std::move(test)); }
void add_source(std::function<void()> declares_tests) {
  detail::declared_sources().push_back(std::move(declares_tests));
}

}  // namespace tractor::harness
