// Numbers by chance that are the same on every machine.
#pragma once

#include <cstdint>

namespace tractor::chaos {

/// A sequence of numbers of one seed (splitmix64). A value.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t roll() noexcept {
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }
  /// A number from 0 up to and with `most`.
  std::uint64_t up_to(std::uint64_t most) noexcept {
    return most == UINT64_MAX ? roll() : roll() % (most + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tractor::chaos
