#include <cmath>
#include <tractor/msg/describe.hpp>
#include <tractor/msg/scalars.hpp>
#include <tractor/msg/type_name.hpp>
#include <tractor/msg/wire.hpp>

namespace tractor::msg {

void expect_end(const reader& from) {
  if (!from.at_end()) from.fail("the end of the data");
}

namespace detail {

void fail_size(const char* what, std::size_t expected, std::size_t found) {
  throw codec_error(std::to_string(expected) + ' ' + what, std::to_string(found));
}

void fail_units(std::int64_t units) {
  throw codec_error("a time that its reader can hold", std::to_string(units) + " of its units");
}

void check_nanoseconds(long double nanoseconds) {
  constexpr long double most = 9.2e18L;
  if (!(std::fabs(nanoseconds) <= most))
    throw codec_error("a time of at most 292 years", std::to_string(nanoseconds / 1e9L) + " seconds");
}

void check_tag(reader& from, std::string_view tag) {
  const std::string_view found = from.str();
  if (found != tag)
    throw codec_error('"' + std::string(tag) + '"', '"' + std::string(found.substr(0, 80)) + '"');
}

std::string plain_name(std::string_view spelled) {
  std::string out;
  int depth = 0;
  bool closed = false;
  for (const char c : spelled) {
    if (c == '<' || c == '(' || c == '{') {
      // The parentheses of an enclosing function: what was read so far is its name. Those of the unnamed
      // namespace of clang follow a colon or nothing.
      if (c == '(' && depth == 0 && !out.ends_with(':')) out.clear();
      ++depth;
    } else if (c == '>' || c == ')' || c == '}') {
      --depth;
      closed = true;
    } else if (depth == 0) {
      if (c == ':') closed = false;
      if (closed) continue;  // "const" behind the parentheses
      if (c == ':' && (out.empty() || out.ends_with("::"))) continue;
      out += c;
    }
  }
  return out;
}

}  // namespace detail

}  // namespace tractor::msg
