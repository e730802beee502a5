#include "tractor/async/signals.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <string>

#include "async/event_loop.hpp"
#include "tractor/detail/asio.hpp"

namespace tractor {

namespace {

// asio puts SIG_DFL back, not what was there before; so the process remembers that here.
struct disposition {
  int receivers = 0;
  struct sigaction before = {};
};
std::mutex dispositions_mutex;
std::array<disposition, 65> dispositions;

void remember(int signal) {
  std::lock_guard held(dispositions_mutex);
  disposition& entry = dispositions[static_cast<std::size_t>(signal)];
  if (entry.receivers++ == 0) sigaction(signal, nullptr, &entry.before);
}

void restore(int signal) noexcept {
  std::lock_guard held(dispositions_mutex);
  disposition& entry = dispositions[static_cast<std::size_t>(signal)];
  if (--entry.receivers == 0) sigaction(signal, &entry.before, nullptr);
}

// Between asio's SIG_DFL and our restoring, a signal would end the process.
class signals_held {
 public:
  signals_held() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_held() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

// Outlives the receiver while an asio handler or a waiter still refers to it.
struct signal_receiver::state : std::enable_shared_from_this<signal_receiver::state> {
  explicit state(asio::io_context& context) : set(context) {}

  // Always armed: that is what merges a burst, since asio itself would queue each signal.
  void arm() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error) return;
      self->take(signal);
      self->arm();
      detail::run_ready(self->loop);
    });
  }
  void take(int signal) {
    if (!waiters.empty()) {
      waiter& to = waiters.front();
      to.signal_ = signal;
      to.release();
    } else if (std::find(arrived.begin(), arrived.end(), signal) == arrived.end()) {
      arrived.push_back(signal);
    }
  }

  asio::signal_set set;
  detail::event_loop& loop = *detail::event_loop::current();
  std::vector<int> signals;
  std::vector<int> arrived;  // in the order they came
  detail::intrusive_list<waiter, detail::in_waiters> waiters;
};

signal_receiver::signal_receiver(std::initializer_list<int> signals, int)
    : state_(std::make_shared<state>(this_context())) {
  for (int signal : signals) {
    boost::system::error_code error;
    if (signal > 0 && signal < static_cast<int>(dispositions.size())) {
      remember(signal);
      state_->set.add(signal, error);
      if (!error) {
        state_->signals.push_back(signal);
        continue;
      }
      restore(signal);
    } else {
      error = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    }
    for (int done : state_->signals) {
      state_->set.remove(done);
      restore(done);
    }
    throw std::invalid_argument("signal " + std::to_string(signal) +
                                " cannot be received: " + error.message());
  }
  state_->arm();
}

signal_receiver::~signal_receiver() {
  signals_held held;
  boost::system::error_code ignored;
  state_->set.cancel(ignored);
  state_->set.clear(ignored);
  for (int signal : state_->signals) restore(signal);
}

signal_receiver::waiter signal_receiver::next() noexcept { return waiter(state_); }
bool signal_receiver::pending() const noexcept { return !state_->arrived.empty(); }

signal_receiver::waiter::waiter(std::shared_ptr<state> on) noexcept : state_(std::move(on)) {}
signal_receiver::waiter::waiter(waiter&& other) noexcept : state_(std::move(other.state_)) {}
signal_receiver::waiter::~waiter() = default;

bool signal_receiver::waiter::await_ready() const {
  detail::raise_if_cancelled();
  return false;
}

void signal_receiver::waiter::await_suspend(std::coroutine_handle<> at) noexcept {
  block(at);
  if (state_->arrived.empty()) {
    state_->waiters.push_back(*this);
    return;
  }
  signal_ = state_->arrived.front();
  state_->arrived.erase(state_->arrived.begin());
  wake();
}

int signal_receiver::waiter::await_resume() {
  raise_if_aborted();
  return signal_;
}

}  // namespace tractor
