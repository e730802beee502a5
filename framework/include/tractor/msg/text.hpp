// Values as text for people: logs, errors, the prompt.
#pragma once

#include <string>
#include <tractor/msg/wire.hpp>

namespace tractor::msg {

/// Appends the text of one MessagePack value: `{"a": [1, 2.5, nil]}`. Never throws for bad bytes: it says so.
TRACTOR_API void append_raw_text(std::string& out, byte_view encoded);
/// Appends `text` in double quotes with escapes.
TRACTOR_API void append_quoted(std::string& out, std::string_view text);
/// Appends bytes as `b"..."`, long ones cut with their size.
TRACTOR_API void append_bytes(std::string& out, byte_view bytes);

/// Appends the text of any wire type.
template <class T> void append_text(std::string& out, const T& value) {
  if constexpr (requires { wire_traits<T>::append_text(out, value); })
    wire_traits<T>::append_text(out, value);
  else if constexpr (detail::require_wire<T>())
    append_raw_text(out, encoded(value).view());
}

/// Returns the text of any wire type: `order{id=1, who="bob", qty=[1, 2]}`.
///
/// Members of described structs whose name begins with `_` are left out; plain structs have no member names.
template <class T> std::string to_text(const T& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace tractor::msg
