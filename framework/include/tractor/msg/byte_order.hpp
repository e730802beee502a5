// Turns numbers between the order of this machine and that of the wire.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace tractor::msg::detail {

template <std::unsigned_integral Number> constexpr Number swap_bytes(Number value) noexcept {
  if constexpr (sizeof value == 1)
    return value;
  else if constexpr (sizeof value == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof value == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

/// To or from the order of MessagePack.
template <std::unsigned_integral Number> constexpr Number big_endian(Number value) noexcept {
  return std::endian::native == std::endian::big ? value : swap_bytes(value);
}

/// To or from the order of a frame's length.
template <std::unsigned_integral Number> constexpr Number little_endian(Number value) noexcept {
  return std::endian::native == std::endian::little ? value : swap_bytes(value);
}

}  // namespace tractor::msg::detail
