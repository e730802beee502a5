// Children of the backend under test, for its rules.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "other_process.hpp"
#include "rule.hpp"
#include "tractor/plugin/spawn_backend.hpp"

namespace tractor::conformance {

inline const std::string child_title = "_subactor[conformance@c0ffee00]";

/// The backend of the rule, prepared; shut down at the end. Neither copied nor moved.
class prepared_backend {
 public:
  explicit prepared_backend(const subject& it);
  prepared_backend(const prepared_backend&) = delete;
  prepared_backend& operator=(const prepared_backend&) = delete;
  ~prepared_backend() { backend_.shutdown(); }
  spawn_backend* operator->() const noexcept { return &backend_; }
  /// Shuts it down and prepares it once more.
  void restart();

 private:
  spawn_backend& backend_;
  boot_info boot_;
};

/// Returns the request for a child that does `life` (see `life_variable`).
spawn_request request_for(const std::string& life);
/// Breaks the rule unless `got` is `wanted`.
void expect_text(const std::string& what, const std::string& got, const std::string& wanted);
/// True when this process has a child of any sort.
bool has_children();
/// Breaks the rule if a process below this one is no helper of the backend.
void require_no_child(const prepared_backend& backend);
/// Starts one that sleeps; yields it when it does.
task<std::unique_ptr<child_process>> child_that_is_ready(prepared_backend& backend);
/// Ends a child by force and waits for it.
task<> end_child(child_process& child);
/// Starts a child that tells about itself; yields its lines, `name value` each.
std::map<std::string, std::string> state_of_a_child(prepared_backend& backend, spawn_request request);

}  // namespace tractor::conformance
