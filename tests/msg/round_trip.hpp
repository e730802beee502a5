// What the tests of the codec share.
#pragma once

#include <string>
#include <tractor/msg/wire.hpp>

#include "wire_vectors.hpp"

namespace tractor::test {

/// The hex of the encoded value.
template <class T> std::string wire_hex(const T& value) { return to_hex(msg::encoded(value).view()); }

/// The value after a journey.
template <class T> T travelled(const T& value) { return msg::decode_all<T>(msg::encoded(value).view()); }

/// The text of the codec_error that reading the hex as a T raises; "accepted" if none.
template <class T> std::string refusal(std::string_view hex) {
  const msg::buffer bytes = from_hex(hex);
  try {
    msg::decode_all<T>(bytes.view());
  } catch (const msg::codec_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

/// The same for the bytes of another type's value.
template <class T, class From> std::string refusal_of(const From& sent) { return refusal<T>(wire_hex(sent)); }

}  // namespace tractor::test
