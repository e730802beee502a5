// A part of a test that is to end by a cancel.
#pragma once

#include <utility>

#include "tractor/async/task.hpp"
#include "tractor/harness/assertions.hpp"
#include "tractor/harness/test_context.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor::harness {

/// Runs work that an actor's cancel is to end: asked for as `expect_cancelled& cancelled`, it says that the
/// test is about that.
///
/// The test fails where the work ends in another way, and at its end if it ran nothing here. Errors that are
/// no cancel pass through. Neither copied nor moved.
class expect_cancelled {
 public:
  static expect_cancelled provide(test_context&) { return expect_cancelled(); }
  expect_cancelled(const expect_cancelled&) = delete;
  expect_cancelled& operator=(const expect_cancelled&) = delete;
  ~expect_cancelled() {
    if (!used_ && !testing::Test::IsSkipped() && !testing::Test::HasFailure())
      ADD_FAILURE() << "the test was to be cancelled somewhere, and ran nothing that could be";
  }

  /// Awaits `work`, which must throw `context_cancelled`; yields a copy of it.
  template <class T>
  task<context_cancelled> operator()(task<T> work, const char* file = __builtin_FILE(),
                                     int line = __builtin_LINE()) {
    used_ = true;
    return raises<context_cancelled>(std::move(work), file, line);
  }

  /// The same, and the canceller must be `who`.
  template <class T>
  task<context_cancelled> by(actor_id who, task<T> work, const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) {
    auto waiting = (*this)(std::move(work), file, line);
    context_cancelled cancel = co_await std::move(waiting);
    if (!(cancel.canceller() == who))
      detail::fail(
          file, line,
          "cancelled by '" + cancel.canceller().short_form() + "', not by '" + who.short_form() + "'");
    co_return cancel;
  }

 private:
  expect_cancelled() = default;
  bool used_ = false;
};

}  // namespace tractor::harness
