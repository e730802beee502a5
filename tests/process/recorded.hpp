// The recorded dialogs of the reference, and how what an actor says is compared with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tractor/msg/value.hpp>
#include <tractor/plugin/address.hpp>
#include <vector>

#include "../msg/wire_vectors.hpp"

namespace process_tests {

using tractor::test::recorded_frame;

/// All frames of one dialog, in the order in which they were sent.
std::vector<recorded_frame> frames_of(const std::string& dialog);
/// Those of one of its connections.
std::vector<recorded_frame> over(const std::vector<recorded_frame>& frames, int connection);
/// The uuid that the actor of this name had in the recording.
std::string uuid_of(const std::vector<recorded_frame>& frames, const std::string& actor);
bool has_func(const std::vector<recorded_frame>& frames, std::string_view func);

/// The value with one text, wherever it stands, replaced by another.
tractor::msg::value with_text(const tractor::msg::value& in, const std::string& old,
                              const std::string& fresh);
/// The value with each address of the recording replaced by `where`, which may be one of another transport.
tractor::msg::value with_addresses(const tractor::msg::value& in, const tractor::address& where);
/// An address as it travels inside messages.
tractor::msg::value wire_of(const tractor::address& where);

/// Fails the test unless every key of the recording stands in `ours`, in the same order and with the same
/// value; what is named in `free` may have another one, and extensions may stand behind.
void expect_like(const tractor::msg::value& recorded, const tractor::msg::value& ours,
                 const std::string& where, const std::vector<std::string>& free);

}  // namespace process_tests
