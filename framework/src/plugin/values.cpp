#include "plugin/values.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "log/text.hpp"
#include "plugin/text.hpp"
#include "tractor/log/level.hpp"
#include "tractor/plugin/descriptor.hpp"

namespace tractor::plugin::detail {
namespace {

struct unit {
  std::string_view name;
  double size;
};

// Reads a number and one of the units after it. Nothing if the text is anything else.
std::optional<double> number_with_unit(std::string_view text, std::initializer_list<unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number < 0 || std::signbit(number))
    return std::nullopt;
  const std::string_view rest(end, text.data() + text.size());
  for (const unit& it : units)
    if (rest == it.name) return number * it.size;
  return std::nullopt;
}

}  // namespace

choices::duration parse_duration(std::string_view text) {
  const auto found =
      number_with_unit(text, {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}});
  constexpr double a_year = 365.0 * 24 * 3600e9;
  if (!found || *found > a_year)
    throw std::invalid_argument("expected a duration such as 500ms, 1.5s or 2m, found " + in_quotes(text));
  return choices::duration(std::llround(*found));
}

std::size_t parse_size(std::string_view text) {
  const auto found = number_with_unit(
      text, {{"", 1}, {"KiB", double(1 << 10)}, {"MiB", double(1 << 20)}, {"GiB", double(1 << 30)}});
  if (!found || *found > double(std::size_t(1) << 50) || *found != std::floor(*found) || *found < 1)
    throw std::invalid_argument("expected a whole number above zero such as 4096 or 16MiB, found " +
                                in_quotes(text));
  return static_cast<std::size_t>(*found);
}

std::size_t parse_frame_size(std::string_view text) {
  const std::size_t size = parse_size(text);
  // What anybody may send before he has said who he is: the runtime's own messages need no more.
  if (size < std::size_t(64) << 10)
    throw std::invalid_argument("expected a size of 64KiB or more, found " + in_quotes(text));
  return size;
}

choices::duration parse_handshake_bound(std::string_view text) {
  const choices::duration bound = parse_duration(text);
  // Whoever has less for it can connect to nobody.
  if (bound < std::chrono::milliseconds(10))
    throw std::invalid_argument("expected a duration of 10ms or more, found " + in_quotes(text));
  return bound;
}

std::size_t parse_depth(std::string_view text) {
  const auto found = number_with_unit(text, {{"", 1}});
  // Less than the runtime's own messages need is of no use; more is what the codec takes nowhere.
  if (!found || *found != std::floor(*found) || *found < 8 || *found > 64)
    throw std::invalid_argument("expected a number from 8 to 64, found " + in_quotes(text));
  return static_cast<std::size_t>(*found);
}

bool parse_bool(std::string_view text) {
  const std::string small = log::detail::in_small(text);
  for (const char* yes : {"1", "true", "yes", "on"})
    if (small == yes) return true;
  for (const char* no : {"0", "false", "no", "off"})
    if (small == no) return false;
  throw std::invalid_argument("expected true or false, found " + in_quotes(text));
}

std::string parse_key(std::string_view text) {
  if (is_key(text)) return std::string(text);
  throw std::invalid_argument("expected a key of small letters, digits and _, found " + in_quotes(text));
}

bool is_transport_name(std::string_view text) {
  const auto plus = text.find('+');
  if (plus == text.npos) return is_key(text);
  return is_key(text.substr(0, plus)) && is_transport_name(text.substr(plus + 1));
}

std::string parse_transport(std::string_view text) {
  if (is_transport_name(text)) return std::string(text);
  if (text.find('+') == text.npos) return parse_key(text);
  throw std::invalid_argument("expected decorators and a key with a + between them, found " +
                              in_quotes(text));
}

std::vector<std::string> parse_transports(std::string_view text) {
  auto out = parse_list(text);
  for (const auto& it : out) parse_transport(it);
  return out;
}

std::vector<std::string> parse_list(std::string_view text) {
  auto out = split(text, ", ");
  if (out.empty()) throw std::invalid_argument("expected one or more, separated by commas, found none");
  return out;
}

std::string text_of(choices::duration value) {
  using std::chrono::duration_cast;
  const auto count = value.count();
  if (count == 0) return "0s";
  for (const auto& [size, name] : {std::pair(1'000'000'000L, "s"), {1'000'000L, "ms"}, {1000L, "us"}})
    if (count % size == 0) return std::to_string(count / size) + name;
  return std::to_string(count) + "ns";
}

std::string text_of(std::size_t value) { return std::to_string(value); }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(log::level value) { return log::detail::in_small(log::level_name(value)); }
std::string text_of(const std::string& value) { return value; }

std::string text_of(const std::vector<std::string>& value) {
  std::string out;
  for (const auto& it : value) out.append(out.empty() ? "" : ",").append(it);
  return out;
}

}  // namespace tractor::plugin::detail
