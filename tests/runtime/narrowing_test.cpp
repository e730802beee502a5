// Which numbers keep their value as an argument of another type.
#include "tractor/runtime/detail/narrowing.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace narrowing_test {

namespace {

using tractor::detail::may_narrow;
using tractor::detail::survives;

TEST(Narrowing, IsLookedForOnlyWhereItCanHappen) {
  EXPECT_FALSE((may_narrow<long, int>));
  EXPECT_FALSE((may_narrow<double, float>));
  EXPECT_FALSE((may_narrow<int, bool>));
  EXPECT_FALSE((may_narrow<int, const char*>));
  EXPECT_TRUE((may_narrow<int, long>));
  EXPECT_TRUE((may_narrow<unsigned, int>));
  EXPECT_TRUE((may_narrow<double, long>));
}

TEST(Narrowing, OfIntegersKeepsWhatFits) {
  EXPECT_TRUE(survives<int>(5'000'000L));
  EXPECT_FALSE(survives<int>(5'000'000'000L));
  EXPECT_FALSE(survives<int>(-5'000'000'000L));
  EXPECT_TRUE(survives<std::uint8_t>(255));
  EXPECT_FALSE(survives<std::uint8_t>(256));
  EXPECT_TRUE(survives<std::size_t>(0));
  EXPECT_FALSE(survives<unsigned>(-1));
  EXPECT_FALSE(survives<std::uint64_t>(-1));
  EXPECT_FALSE(survives<std::int64_t>(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_FALSE(survives<int>(std::numeric_limits<unsigned>::max()));
  EXPECT_TRUE(survives<bool>(1));
  EXPECT_FALSE(survives<bool>(2));
}

TEST(Narrowing, ToFloatingPointKeepsIntegersThatItCanHold) {
  EXPECT_TRUE(survives<double>(3));
  EXPECT_TRUE(survives<double>(std::int64_t(1) << 53));
  EXPECT_FALSE(survives<double>((std::int64_t(1) << 53) + 1));
  EXPECT_FALSE(survives<double>(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(survives<float>(16'777'217));
}

TEST(Narrowing, OfFloatingPointMayRoundAndNotOverflow) {
  EXPECT_TRUE(survives<float>(0.1));
  EXPECT_FALSE(survives<float>(1e300));
  EXPECT_TRUE(survives<float>(std::numeric_limits<double>::infinity()));
}

}  // namespace

}  // namespace narrowing_test
