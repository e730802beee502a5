#include "test_result.hpp"

#include <algorithm>
#include <utility>

namespace tractor::harness::detail {

std::string_view word_of(verdict what) noexcept {
  switch (what) {
    case verdict::pass:
      return "PASS";
    case verdict::fail:
      return "FAIL";
    case verdict::leak:
      return "LEAK";
    case verdict::timeout:
      return "TIMEOUT";
    case verdict::crash:
      return "CRASH";
    case verdict::skip:
      return "SKIP";
    case verdict::flaky:
      return "FLAKY";
    case verdict::xfail:
      return "XFAIL";
    case verdict::xpass:
      return "XPASS";
  }
  return "?";
}

void test_result::add_leak(const std::string& outlived) {
  if (!is_bad(what)) {
    what = verdict::leak;
    reason = outlived;
  } else if (what != verdict::leak && left.empty()) {
    left = outlived;
  }
}

std::string test_result::test() const {
  const std::size_t dot = name.find('.');
  const std::size_t begin = dot == name.npos ? 0 : dot + 1;
  const std::size_t end = std::min(name.rfind('/'), name.size());
  return name.substr(begin, end - begin);
}

// The last part of a name is a cell only if it looks like one: gtest numbers its parameters in the same way.
std::string test_result::cell() const {
  const std::size_t slash = name.rfind('/');
  if (slash == name.npos || name.find('+', slash) == name.npos) return {};
  return name.substr(slash + 1);
}

std::string file_name_of(std::string test) {
  std::ranges::replace(test, '/', '-');
  return test;
}

test_result summed_up(test_results attempts) {
  test_result out = *std::ranges::find_if(attempts.rbegin(), attempts.rend(), is_bad, &test_result::what);
  const std::string count = std::to_string(attempts.size());
  if (attempts.back().what == verdict::pass) {
    out.what = verdict::flaky;
    out.reason = "passed at attempt " + count + "; before: " + out.reason;
  }
  out.took = {};
  out.output.clear();
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const test_result& each = attempts[i];
    out.took += each.took;
    out.output += "---- attempt " + std::to_string(i + 1) + " of " + count + ": " +
                  std::string(word_of(each.what)) + (each.reason.empty() ? "" : ": " + each.reason) + "\n" +
                  each.output;
    if (!out.output.ends_with('\n')) out.output += "\n";
  }
  out.attempts = std::move(attempts);
  return out;
}

test_results sorted(test_results results) {
  std::ranges::sort(results, {}, &test_result::name);
  return results;
}

}  // namespace tractor::harness::detail
