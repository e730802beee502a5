// Which numbers keep their value when they become arguments of another type.
#pragma once

#include <cmath>
#include <type_traits>
#include <utility>

namespace tractor::detail {

/// True for two types of numbers of which the one does not hold all values of the other.
template <class To, class From>
inline constexpr bool may_narrow = std::is_arithmetic_v<To>&& std::is_arithmetic_v<From> && !requires {
  To{std::declval<From>()};
};

/// True for a conversion that no number of that type is meant for: it cuts off what is behind the point.
template <class To, class From>
inline constexpr bool cuts_fractions = std::is_integral_v<To>&& std::is_floating_point_v<From>;

/// True when `value` is the same number as a `To`; of one with a fraction the last digits may get lost.
template <class To, class From> bool survives(From value) noexcept {
  if constexpr (!may_narrow<To, From> || cuts_fractions<To, From>) {
    return true;
  } else if constexpr (std::is_same_v<To, bool>) {
    return value == From(0) || value == From(1);
  } else if constexpr (std::is_floating_point_v<From>) {
    return !std::isfinite(value) || std::isfinite(static_cast<To>(value));
  } else if constexpr (std::is_floating_point_v<To>) {
    // The largest integers may be rounded up to a number that has no way back.
    const long double exact = static_cast<long double>(value);
    return static_cast<long double>(static_cast<To>(value)) == exact;
  } else {
    const To converted = static_cast<To>(value);
    if constexpr (std::is_signed_v<From> && !std::is_signed_v<To>)
      if (value < 0) return false;
    if constexpr (!std::is_signed_v<From> && std::is_signed_v<To>)
      if (converted < 0) return false;
    return static_cast<From>(converted) == value;
  }
}

}  // namespace tractor::detail
