// One rule of a plugin's contract.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tractor::conformance {

/// The plugin under test, and what its process was started with. A value.
class subject {
 public:
  std::string kind;  ///< "transport" or "spawn"
  std::string key;
  std::string folder;  ///< where its file is
  int argc = 0;
  char** argv = nullptr;
};

/// A rule: a name to select it by, the sentence that must hold, and its proof.
class rule {
 public:
  std::string_view name;
  std::string_view sentence;
  void (*prove)(const subject&);  ///< throws `broken` or `not_applicable`; another exception breaks it too
};

/// Reports that a rule does not hold; the text says what was seen instead.
class broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reports that a rule asks nothing of this plugin; the text says why.
class not_applicable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws `broken` unless `holds`.
inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw broken(otherwise);
}

/// Returns the rules of every transport, and those of how one fails.
const std::vector<rule>& transport_rules();
const std::vector<rule>& transport_fault_rules();
/// Returns the rules of every spawn backend, and those of how one fails.
const std::vector<rule>& backend_rules();
const std::vector<rule>& backend_fault_rules();
/// Returns the rules that whole trees of actors put to either.
const std::vector<rule>& tree_rules();

}  // namespace tractor::conformance
