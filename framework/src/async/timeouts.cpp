#include "tractor/async/timeouts.hpp"

#include <chrono>
#include <cstdio>

#include "tractor/async/checkpoint.hpp"

namespace tractor {

too_slow_error::too_slow_error() : std::runtime_error("the deadline has passed") {}

namespace detail {
void fail_too_slow(duration span) {
  if (span == duration::max()) throw too_slow_error();
  const double seconds = std::chrono::duration<double>(span).count();
  char text[64];
  if (seconds < 1)
    std::snprintf(text, sizeof text, "not done within %.4g ms", seconds * 1000);
  else
    std::snprintf(text, sizeof text, "not done within %.4g s", seconds);
  throw too_slow_error(text);
}

time_point deadline_in(duration span) noexcept {
  const time_point now = current_time();
  return span >= time_point::max() - now ? time_point::max() : now + span;
}

namespace {
// Blocks until a cancel comes.
class forever_awaiter final : public suspension, public engine_awaitable {
 public:
  bool await_ready() const {
    raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) noexcept { block(at); }
  [[noreturn]] void await_resume() const { raise_cancelled(); }
  void abort() noexcept override { wake(); }
};
}  // namespace
}  // namespace detail

task<> sleep_until(time_point when) {
  if (when <= current_time()) {
    co_await checkpoint();
    co_return;
  }
  cancel_scope scope(when);
  co_await scope.run(sleep_forever());
}

task<> sleep(duration span) { co_await sleep_until(detail::deadline_in(span)); }

task<> sleep_forever() {
  for (;;) co_await detail::forever_awaiter();
}

}  // namespace tractor
