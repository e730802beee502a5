#include "tractor/harness/markers.hpp"

#include <algorithm>

#include "tractor/plugin/registry.hpp"

namespace tractor::harness {

void skip_on::apply(test_case& to) const {
  to.named_places.push_back(where_);
  to.obstacles.push_back(
      [where = where_, reason = reason_](const cell& at) { return at.is(where) ? reason : std::string(); });
}

void xfail_on::apply(test_case& to) const {
  to.named_places.push_back(where_);
  to.known_failures.push_back({where_, reason_});
}

void needs::apply(test_case& to) const {
  to.named_capabilities.push_back(what_);
  to.obstacles.push_back([what = what_](const cell& at) {
    plugin::registry& known = plugin::registry::instance();
    for (const plugin::plugin_info& each : known.list()) {
      if (!each.good() || !at.is(each.key)) continue;
      const std::vector<std::string> has = known.check(each.path).capabilities;
      if (std::ranges::find(has, what) != has.end()) return std::string();
    }
    return "needs '" + what + "', which neither " + at.backend + " nor " + at.transport + " has";
  });
}

}  // namespace tractor::harness
