// The identity of an actor.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Names one actor: a name (not unique), a uuid (unique), and its pid where that is known. A value.
class TRACTOR_API actor_id {
 public:
  actor_id() = default;
  actor_id(std::string name, std::string uuid, int pid = 0)
      : name_(std::move(name)), uuid_(std::move(uuid)), pid_(pid) {}

  const std::string& name() const noexcept { return name_; }
  const std::string& uuid() const noexcept { return uuid_; }
  int pid() const noexcept { return pid_; }
  bool empty() const noexcept { return uuid_.empty(); }

  /// `name@<first 8 of the uuid>`, as in process titles and logs.
  std::string short_form() const { return name_ + "@" + uuid_.substr(0, 8); }

  /// Two identities are the same when their uuids are.
  friend bool operator==(const actor_id& a, const actor_id& b) noexcept { return a.uuid_ == b.uuid_; }
  /// Their order is that of the uuids: any, but the same everywhere.
  friend std::strong_ordering operator<=>(const actor_id& a, const actor_id& b) noexcept {
    return a.uuid_ <=> b.uuid_;
  }

 private:
  std::string name_;
  std::string uuid_;
  int pid_ = 0;
};

}  // namespace tractor

template <> struct std::hash<tractor::actor_id> {
  std::size_t operator()(const tractor::actor_id& who) const noexcept {
    return std::hash<std::string>{}(who.uuid());
  }
};
