// A listener whose process was killed, and what it left.
#pragma once

#include <sys/types.h>

#include <string>

#include "rule.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor::conformance {

/// Reads the text of an address of the transport under test; breaks the rule if that does not know it.
address read_own(const subject& it, const std::string& text);
/// Has another process listen, and kills it; yields where it listened. Call it where no loop runs.
std::string killed_listener(const subject& it, pid_t* pid = nullptr);
/// Returns what `scan` names of the address.
leftovers left_at(const subject& it, const std::string& text);
/// Removes that; breaks the rule if it stays. Blocks for a while where others are at it, too.
void remove_what_is_left_at(const subject& it, const std::string& text);

}  // namespace tractor::conformance
