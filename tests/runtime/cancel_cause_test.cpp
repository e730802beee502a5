// What is left of a cancel's deadline, for those whom it ends in turn.
#include "runtime/cancel_cause.hpp"

#include <gtest/gtest.h>

namespace cancel_cause_bounds_test {

using namespace std::chrono_literals;
using tractor::current_time;
using tractor::duration;
using tractor::detail::cancel_cause;

TEST(cancel_cause_bound, without_a_deadline_is_the_own) {
  const cancel_cause cause;
  for (const duration own : {duration(0s), duration(500ms), duration(1h), duration::max()})
    EXPECT_EQ(cause.bound(own), own);
}

TEST(cancel_cause_bound, is_the_lesser_of_the_own_and_what_is_left) {
  cancel_cause cause;
  cause.deadline = current_time() + 10s;
  EXPECT_EQ(cause.bound(500ms), 500ms);
  const duration left = cause.bound(1h);
  EXPECT_LE(left, 10s);
  EXPECT_GT(left, 1s);
}

TEST(cancel_cause_bound, of_a_deadline_that_has_passed_is_the_least_unless_the_own_is_less) {
  cancel_cause cause;
  cause.deadline = current_time() - 1h;
  EXPECT_EQ(cause.bound(500ms), cancel_cause::least);
  EXPECT_EQ(cause.bound(7ms), 7ms);
  EXPECT_EQ(cause.bound(0ms), 0ms);
}

TEST(cancel_cause_bound, is_that_of_the_earliest_of_all_who_ask) {
  cancel_cause cause;
  const auto now = current_time();
  cause.join(std::nullopt);
  EXPECT_FALSE(cause.deadline.has_value());
  cause.join(now + 2s);
  cause.join(now + 1s);
  cause.join(now + 3s);
  cause.join(std::nullopt);
  EXPECT_EQ(cause.deadline, now + 1s);
}

}  // namespace cancel_cause_bounds_test
