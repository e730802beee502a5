// How one actor tells another of memory that they share.
#pragma once

#include <cstdint>
#include <string>
#include <tractor/msg/describe.hpp>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Whether memory may be written through a mapping.
enum class shm_access { read_only, read_write };

/// Names one segment and says what lies in it: an argument or a result of a call, like any other value.
///
/// Made by the creator's `token()`, compared at attach with the type that is asked for. It owns nothing: a
/// segment whose creator has ended can no longer be attached.
class TRACTOR_API shm_token {
 public:
  shm_token() {}

  std::string key;                 ///< The name of the segment.
  std::string kind;                ///< "array", "ring array" or "list".
  std::string element;             ///< `shm_element_name` of what it holds.
  std::uint64_t element_size = 0;  ///< Bytes.
  std::uint64_t capacity = 0;      ///< Elements.

  /// Whether both hold as many of the same, wherever they are.
  bool same_layout(const shm_token& other) const noexcept;
  /// As errors show it: "list of 64 float64 (8 bytes each)".
  std::string text() const;

  friend bool operator==(const shm_token& a, const shm_token& b) noexcept {
    return a.key == b.key && a.same_layout(b);
  }
};
BOOST_DESCRIBE_STRUCT(shm_token, (), (key, kind, element, element_size, capacity))

}  // namespace tractor
