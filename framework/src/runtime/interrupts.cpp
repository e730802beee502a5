#include "runtime/interrupts.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

#include "runtime/guards.hpp"
#include "runtime/link.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/detail/asio.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor::detail {

namespace {

/// Receives what asks this process to end, while it lives. asio would leave those signals at their default:
/// what was there before, as an ignored SIGINT of a program in the background of a script, is put back.
class interrupt_signals {
 public:
  interrupt_signals() : set_(this_context()) {
    for (const int number : interrupting_signals()) {
      ::sigaction(number, nullptr, &before_.emplace_back(number, disposition()).second);
      set_.add(number);
    }
  }
  interrupt_signals(const interrupt_signals&) = delete;
  ~interrupt_signals() {
    // None may come in between.
    sigset_t all, mask;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &mask);
    boost::system::error_code ignored;
    set_.clear(ignored);
    for (const auto& [number, how] : before_) ::sigaction(number, &how, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  }

  asio::signal_set& set() noexcept { return set_; }

 private:
  using disposition = struct sigaction;

  asio::signal_set set_;
  std::vector<std::pair<int, disposition>> before_;
};

}  // namespace

// Before its main task runs, all that a root does can be cut off; later on, its teardown must not be.
task<> watch_interrupts(int& interrupted_by, cancel_scope*& what_runs) {
  interrupt_signals interrupts;
  const interrupts_let_in here;
  for (int count = 1;; ++count) {
    const int signo = co_await interrupts.set().async_wait(use_task);
    if (count > 1) {
      // Somebody insists: no more order. The guards end what is below.
      TRACTOR_LOG(runtime, critical, "interrupted again: ending at once");
      ::_exit(128 + signo);
    }
    interrupted_by = signo;
    TRACTOR_LOG(runtime, cancel, "interrupted by signal {}", signo);
    what_runs->cancel();
  }
}

// What an interrupt makes of the work of a tree is no news: cancels, connections that end, children that the
// same signal has ended. Any other error is one, of a rollback perhaps.
void tell_besides(const std::exception_ptr& error, int interrupted_by) {
  if (!error) return;
  const auto is_no_news = [&](const std::exception_ptr& leaf) {
    if (is_cancelled(leaf) || is_error<transport_closed>(leaf)) return true;
    try {
      std::rethrow_exception(leaf);
    } catch (const actor_failure& child) {
      return child.status().signo() == interrupted_by;
    } catch (const remote_actor_error& remote) {
      return !is_fault_of_peer(leaf) || remote.boxed_type_is<actor_failure>();
    } catch (...) {
      return false;
    }
  };
  const auto [no_news, news] = split_error(error, is_no_news);
  if (news)
    TRACTOR_LOG(runtime, error, "while ending after an interrupt: {}", describe(news));
  else
    TRACTOR_LOG(runtime, cancel, "while ending after an interrupt: {}", describe(no_news));
}

}  // namespace tractor::detail
