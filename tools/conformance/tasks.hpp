// What rules do with tasks and with the lack of descriptors.
#pragma once

#include <sys/resource.h>

#include <utility>

#include "tractor/async/async.hpp"

namespace tractor::conformance {

/// Lets every other task come as far as it can without news from outside.
inline task<> let_others_run() {
  for (int i = 0; i < 10; ++i) co_await checkpoint();
}

/// Runs `work` in a scope that is cancelled already; yields whether it was cut off.
template <class T> task<bool> is_cut_off(task<T> work) {
  cancel_scope scope;
  scope.cancel();
  const auto cut = co_await scope.run(std::move(work));
  co_return cut.cancelled_caught();
}

/// Lets this process open no more than `count` further descriptors while it lives. Neither copied nor moved.
class few_descriptors {
 public:
  explicit few_descriptors(int count);
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace tractor::conformance
