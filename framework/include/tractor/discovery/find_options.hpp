// Where and how to look for actors.
#pragma once

#include <string>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/any_address.hpp"

namespace tractor {

/// Choices of one lookup. A value; setters return itself.
class TRACTOR_API find_options {
 public:
  find_options() {}

  /// Asks these registrars, addresses in any form; default: those that this actor knows.
  template <class... Any> find_options& registry_addrs(const Any&... addresses) {
    (registry_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// Uses only addresses of these transports; default: all that are enabled here.
  template <class... Keys> find_options& enable_transports(const Keys&... keys) {
    (transports_.emplace_back(keys), ...);
    return *this;
  }
  /// Takes the answer of the first registrar that knows somebody (the default); off: joins all answers.
  find_options& only_first(bool on = true) { return only_first_ = on, *this; }
  /// The name is the beginning of names.
  find_options& prefix(bool on = true) { return prefix_ = on, *this; }
  /// Throws `actor_not_found` where nothing would be the answer.
  find_options& raise_on_none(bool on = true) { return raise_on_none_ = on, *this; }

  const std::vector<std::string>& registry_addrs() const noexcept { return registry_addrs_; }
  const std::vector<std::string>& transports() const noexcept { return transports_; }
  bool only_first() const noexcept { return only_first_; }
  bool prefix() const noexcept { return prefix_; }
  bool raise_on_none() const noexcept { return raise_on_none_; }

 private:
  std::vector<std::string> registry_addrs_, transports_;
  bool only_first_ = true, prefix_ = false, raise_on_none_ = false;
};

}  // namespace tractor
