// Whether an error that came out of a round tells the truth.
#pragma once

#include <exception>
#include <set>
#include <string>
#include <vector>

#include "soak_plan.hpp"

namespace soak {

/// What is known of a round when it is over. Owned by the round.
class verdict {
 public:
  explicit verdict(const round_plan& of) : plan_(of) {}

  /// Notes an actor that a signal from outside has hit.
  void hit(const std::string& name) { hit_.insert(name); }
  /// Notes an actor that a signal from outside has stopped.
  void stopped(const std::string& name) { stopped_.insert(name); }
  /// Returns what is wrong with `error`, leaf by leaf: empty when each names the right actor.
  std::vector<std::string> complaints(const std::exception_ptr& error) const;

 private:
  std::string judge(const std::exception_ptr& leaf) const;

  const round_plan& plan_;
  std::set<std::string> hit_, stopped_;
};

}  // namespace soak
