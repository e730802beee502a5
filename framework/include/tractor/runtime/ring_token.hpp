// How one actor tells another of a ring.
#pragma once

#include <cstdint>
#include <string>
#include <tractor/msg/describe.hpp>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Says where the ends of a ring are handed out and what travels through it: an argument or a result of a
/// call, like any other value.
///
/// It owns nothing, and each end can be had once.
class TRACTOR_API ring_token {
 public:
  ring_token() {}

  std::string address;             ///< The abstract socket of the actor that made the ring.
  std::string element;             ///< `shm_element_name` of the items, or "bytes".
  std::uint64_t element_size = 0;  ///< Bytes; 0 for items of any size.
  std::uint64_t capacity = 0;      ///< Bytes.

  /// As errors show it: "ring of 12288 bytes for float64 (8 bytes each)".
  std::string text() const;

  friend bool operator==(const ring_token& a, const ring_token& b) noexcept = default;
};
BOOST_DESCRIBE_STRUCT(ring_token, (), (address, element, element_size, capacity))

}  // namespace tractor
