// Assertions that end a coroutine. EXPECT_* of GoogleTest work in coroutines as they are; ASSERT_* do not
// compile there.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include "tractor/async/task.hpp"

namespace tractor::harness {

namespace detail {
/// Records a failure and throws `testing::AssertionException`, which the runner takes as reported already.
[[noreturn]] void fail(const char* file, int line, const std::string& message);
[[noreturn]] void skip(const char* file, int line, const std::string& reason);
}  // namespace detail

/// Awaits `work`, which must throw an `Error`; yields a copy of it. Other errors pass through.
template <std::copy_constructible Error, class T>
task<Error> raises(task<T> work, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  std::optional<Error> caught;
  try {
    static_cast<void>(co_await std::move(work));
  } catch (const Error& error) {
    caught.emplace(error);
  }
  if (!caught) detail::fail(file, line, "the task was to throw, and did not");
  co_return std::move(*caught);
}

}  // namespace tractor::harness

// Each operand is bound to a name before anything is compared: a co_await in it stands in a statement of its
// own.
#define TRACTOR_CO_COMPARE_(compare, left, right)                                                     \
  do {                                                                                                \
    auto&& tractor_left = (left);                                                                     \
    auto&& tractor_right = (right);                                                                   \
    if (const auto tractor_same = compare(#left, #right, tractor_left, tractor_right); !tractor_same) \
      ::tractor::harness::detail::fail(__FILE__, __LINE__, tractor_same.failure_message());           \
  } while (false)

#define CO_ASSERT_EQ(left, right) TRACTOR_CO_COMPARE_(::testing::internal::EqHelper::Compare, left, right)
#define CO_ASSERT_NE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperNE, left, right)
#define CO_ASSERT_LT(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperLT, left, right)
#define CO_ASSERT_LE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperLE, left, right)
#define CO_ASSERT_GT(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperGT, left, right)
#define CO_ASSERT_GE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperGE, left, right)

#define TRACTOR_CO_TRUTH_(condition, wanted, what)                                   \
  do {                                                                               \
    auto&& tractor_condition = (condition);                                          \
    if (static_cast<bool>(tractor_condition) != wanted)                              \
      ::tractor::harness::detail::fail(__FILE__, __LINE__, what " is not " #wanted); \
  } while (false)

#define CO_ASSERT_TRUE(condition) TRACTOR_CO_TRUTH_(condition, true, #condition)
#define CO_ASSERT_FALSE(condition) TRACTOR_CO_TRUTH_(condition, false, #condition)

/// Runs an expression, which may hold a co_await, and fails unless it throws `type`. Other errors pass
/// through. `raises<type>(task)` yields the error besides.
#define CO_ASSERT_THROW(expression, type)                                                        \
  do {                                                                                           \
    bool tractor_thrown = false;                                                                 \
    try {                                                                                        \
      static_cast<void>(expression);                                                             \
    } catch (const type&) {                                                                      \
      tractor_thrown = true;                                                                     \
    }                                                                                            \
    if (!tractor_thrown)                                                                         \
      ::tractor::harness::detail::fail(__FILE__, __LINE__, #expression " did not throw " #type); \
  } while (false)

#define CO_FAIL(message) ::tractor::harness::detail::fail(__FILE__, __LINE__, message)
#define CO_SKIP(reason) ::tractor::harness::detail::skip(__FILE__, __LINE__, reason)
