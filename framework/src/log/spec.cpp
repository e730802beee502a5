#include "tractor/log/spec.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include "log/registry.hpp"
#include "log/text.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::log {
namespace {

std::string known_subsystems() {
  std::vector<std::string> names{"trionics"};
  for (const logger* it : loggers()) names.emplace_back(it->name());
  std::ranges::sort(names);
  return detail::joined(names);
}

[[noreturn]] void refuse(std::string_view part, std::string_view whole, const std::string& why) {
  throw std::invalid_argument("bad log spec " + detail::in_quotes(whole) + ": in part " +
                              detail::in_quotes(part) + " " + why);
}

void parse_part(std::string_view part, std::string_view whole, spec& out) {
  const auto colon = part.find(':');
  const std::string_view name = detail::trimmed(part.substr(0, colon));
  logger* const found = detail::find_logger(name);
  if (!found)
    refuse(part, whole, "no subsystem " + detail::in_quotes(name) + ": use one of " + known_subsystems());
  try {
    out.each.emplace_back(found->name(), parse_level(detail::trimmed(part.substr(colon + 1))));
  } catch (const std::invalid_argument& error) {
    refuse(part, whole, error.what());
  }
}

}  // namespace

spec parse_spec(std::string_view text) {
  spec out;
  if (text.find_first_of(",:") == std::string_view::npos) {
    const std::string_view bare = detail::trimmed(text);
    if (detail::find_logger(bare))
      refuse(bare, text, "the subsystem has no level: write " + std::string(bare) + ":<level>");
    out.all = parse_level(bare);
    return out;
  }
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const std::string_view part = detail::trimmed(rest.substr(0, comma));
    if (part.empty()) refuse(part, text, "there is nothing: write <subsystem>:<level>");
    if (part.find(':') == std::string_view::npos)
      refuse(part, text,
             "there is no subsystem: a spec is one level, or <subsystem>:<level> parts, never both");
    parse_part(part, text, out);
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

void apply(const spec& levels) {
  if (levels.all) {
    detail::forget_single_levels();
    set_general_level(*levels.all);
  }
  for (const auto& [name, value] : levels.each) detail::set_single_level(name, value);
}

}  // namespace tractor::log
