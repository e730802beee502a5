#include "tractor/async/broadcast.hpp"

namespace tractor {

lagged::lagged(std::uint64_t missed)
    : std::runtime_error("this subscriber was too slow: it has missed " + std::to_string(missed) + " items"),
      missed_(missed) {}

}  // namespace tractor
