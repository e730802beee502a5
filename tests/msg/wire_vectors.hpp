// The recorded dialogs of the reference, loaded from tests/data/wire.
#pragma once

#include <string>
#include <tractor/msg/value.hpp>
#include <vector>

namespace tractor::test {

struct recorded_frame {
  std::string where;     ///< File and line, for messages of failed tests.
  std::string dialog;    ///< The file's name without its ending.
  int connection = 0;    ///< Within the dialog; the first is that of the child to its parent.
  std::string from;      ///< The sending actor's name.
  bool verbatim = true;  ///< False when texts of the sending machine were replaced.
  msg::buffer frame;     ///< With its length.
  msg::value message;    ///< The message as the recording spells it in JSON.
  std::string name;      ///< Its msg_type.
  msg::byte_view body() const { return frame.view().subspan(4); }
};

/// All recorded frames; throws std::runtime_error if a file is missing or damaged.
const std::vector<recorded_frame>& recorded_frames();

/// Turns "0aff" into bytes.
msg::buffer from_hex(std::string_view hex);
/// Turns bytes into "0aff".
std::string to_hex(msg::byte_view bytes);

}  // namespace tractor::test
