// Assertions that end a coroutine; more words may follow: `CO_ASSERT_TRUE(done) << "after " << n`. EXPECT_*
// of GoogleTest work in coroutines as they are; ASSERT_* do not compile there.
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

/// A failure that may get more words: is thrown once they are assigned to it.
class failure {
 public:
  failure(const char* file, int line, std::string message)
      : file_(file), line_(line), message_(std::move(message)) {}
  [[noreturn]] void operator=(const testing::Message& more) const {
    const std::string words = more.GetString();
    fail(file_, line_, words.empty() ? message_ : message_ + "\n" + words);
  }

 private:
  const char* file_;
  int line_;
  std::string message_;
};
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
// own. Loops of one turn bind them, so that what follows is one statement to which `<< "more words"` can be
// added, and that has no `if` for an `else` behind it.
#define TRACTOR_CO_COMPARE_(compare, left, right)                                                           \
  for (bool tractor_once = true; tractor_once;)                                                             \
    for (auto&& tractor_left = (left); tractor_once;)                                                       \
      for (auto&& tractor_right = (right); tractor_once; tractor_once = false)                              \
        for (const auto tractor_same = compare(#left, #right, tractor_left, tractor_right); !tractor_same;) \
  TRACTOR_CO_FAILURE_(tractor_same.failure_message())

#define TRACTOR_CO_FAILURE_(message) \
  ::tractor::harness::detail::failure(__FILE__, __LINE__, message) = ::testing::Message()

#define CO_ASSERT_EQ(left, right) TRACTOR_CO_COMPARE_(::testing::internal::EqHelper::Compare, left, right)
#define CO_ASSERT_NE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperNE, left, right)
#define CO_ASSERT_LT(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperLT, left, right)
#define CO_ASSERT_LE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperLE, left, right)
#define CO_ASSERT_GT(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperGT, left, right)
#define CO_ASSERT_GE(left, right) TRACTOR_CO_COMPARE_(::testing::internal::CmpHelperGE, left, right)

#define TRACTOR_CO_TRUTH_(condition, wanted, what)                                                        \
  for (bool tractor_wrong = static_cast<bool>(condition) != wanted; tractor_wrong; tractor_wrong = false) \
  TRACTOR_CO_FAILURE_(what " is not " #wanted)

#define CO_ASSERT_TRUE(condition) TRACTOR_CO_TRUTH_(condition, true, #condition)
#define CO_ASSERT_FALSE(condition) TRACTOR_CO_TRUTH_(condition, false, #condition)

/// Runs an expression, which may hold a co_await, and fails unless it throws `type`. Other errors pass
/// through. Takes no more words. `raises<type>(task)` yields the error besides.
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
