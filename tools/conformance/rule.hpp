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
  std::string folder;   ///< where its file is
  std::string scratch;  ///< of this program alone: sockets and other files of a runtime go there
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

/// True if `text` has `part` in it.
inline bool names(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Returns the rules of every transport: for addresses, listeners, streams and their ends, and leftovers.
const std::vector<rule>& address_rules();
const std::vector<rule>& transport_rules();
const std::vector<rule>& stream_rules();
const std::vector<rule>& stream_end_rules();
const std::vector<rule>& leftover_rules();
/// Returns the rules of every spawn backend: for what a child is, how one starts and ends, what goes wrong,
/// and orphans.
const std::vector<rule>& child_rules();
const std::vector<rule>& backend_rules();
const std::vector<rule>& backend_fault_rules();
const std::vector<rule>& orphan_rules();
/// Returns the rules that whole trees of actors put to either.
const std::vector<rule>& tree_rules();

}  // namespace tractor::conformance
