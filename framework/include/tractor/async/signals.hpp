// Unix signals as something that tasks wait for.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "tractor/async/task.hpp"

namespace tractor {

/// Catches signals while it lives: `signal_receiver rx(SIGINT, SIGTERM); int s = co_await rx.next();`.
///
/// From construction on the signals no longer have their old effect; the dispositions of before come back
/// when the last receiver of a signal is destroyed. A signal that comes several times before it is fetched
/// counts once; what is not fetched is dropped with the receiver. Several receivers of one signal all get it.
/// Needs a running loop; neither copied nor moved. Loop thread only.
class TRACTOR_API signal_receiver {
 public:
  class waiter;

  template <class... Signals>
  explicit signal_receiver(int first, Signals... more) : signal_receiver({first, more...}, 0) {}
  ~signal_receiver();
  signal_receiver(const signal_receiver&) = delete;
  signal_receiver& operator=(const signal_receiver&) = delete;

  /// Waits for a signal and yields its number. A checkpoint. Each signal goes to one waiting task.
  waiter next() noexcept;
  /// True when a signal waits to be fetched.
  bool pending() const noexcept;

 private:
  struct state;
  signal_receiver(std::initializer_list<int> signals, int);

  std::shared_ptr<state> state_;
};

class TRACTOR_API_MUST_AWAIT signal_receiver::waiter final : public detail::queued,
                                                             public detail::engine_awaitable {
 public:
  explicit waiter(std::shared_ptr<state> on) noexcept;
  waiter(waiter&& other) noexcept;
  ~waiter();
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> at) noexcept;
  int await_resume();

 private:
  friend struct state;
  std::shared_ptr<state> state_;
  int signal_ = 0;
};

}  // namespace tractor
