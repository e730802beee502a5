// Children of the backend under test, for its rules.
#pragma once

#include <map>
#include <string>

#include "rule.hpp"
#include "tractor/plugin/owned_fd.hpp"
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

 private:
  spawn_backend& backend_;
};

/// A pipe whose writing end goes to another process. Neither copied nor moved.
class report_pipe {
 public:
  report_pipe();
  int child_end() const noexcept { return write_.get(); }
  /// Reads until `last` or the end. Blocks.
  std::string read_to(char last);

 private:
  owned_fd read_, write_;
};

/// Returns the request for a child that does `life` (see `life_variable`).
spawn_request request_for(const std::string& life);
/// Breaks the rule unless `got` is `wanted`.
void expect_text(const std::string& what, const std::string& got, const std::string& wanted);
/// True when this process has a child of any sort.
bool has_children();
/// Starts a child that tells about itself; yields its lines, `name value` each.
std::map<std::string, std::string> state_of_a_child(prepared_backend& backend, spawn_request request);

}  // namespace tractor::conformance
