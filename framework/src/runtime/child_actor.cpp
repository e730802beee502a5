#include "runtime/child_actor.hpp"

#include <unistd.h>

#include <csignal>

#include "runtime/guards.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {
constexpr std::size_t tail_size = 4096;

// A cancel, or several: no error of what is cancelled.
bool is_only_cancelled(const std::exception_ptr& error) {
  return only_cancelled(error, [](const std::exception_ptr&) { return false; });
}

task<std::exception_ptr> as_task(std::exception_ptr known) { co_return known; }

/// Empties a hook that refers to a frame, with that frame.
class cleared {
 public:
  explicit cleared(std::function<void()>& hook) : hook_(hook) {}
  cleared(const cleared&) = delete;
  ~cleared() { hook_ = nullptr; }

 private:
  std::function<void()>& hook_;
};
}  // namespace

child_actor::child_actor(actor_nursery& nursery, std::string name, actor_options options,
                         std::shared_ptr<run_once_state> once)
    : nursery_(nursery),
      runtime_(actor_runtime::current()),
      options_(std::move(options)),
      once_(std::move(once)),
      id_(std::move(name), make_uuid()),
      transports_(options_.transports().empty() ? runtime_.transports() : options_.transports()) {
  nursery_.children_.push_back(this);
  ++runtime_.child_count;
}

// Whoever still asks how this child ended may hold it longer than its nursery lives.
void child_actor::detach() noexcept {
  runtime_.forget(id_.uuid());
  runtime_.remove_child_pid(id_.pid());
  --runtime_.child_count;
  nursery_.child_gone(*this);
}

// One task for the whole life of the process, whoever else waits for its end; no cancel of the nursery
// reaches it, since the child is then still to be waited for. What the child said last may still be on its
// way to us: its end is told behind that, within a bound, as a copy of its socket may live on elsewhere.
task<> child_actor::watch_exit() {
  auto reap = [this]() -> task<> {
    status_ = co_await process_->wait();
    if (expected_.connected)
      co_await move_on_after(runtime_.config().timeouts.cancel_ack.value(), expected_.connected->wait_end());
  };
  try {
    auto ended = co_await watch_.run(reap());
    if (!ended) co_return;
  } catch (const std::exception&) {
    lost_ = std::current_exception();
  }
  exited_.set();
  expected_.changed.notify_all();
}

task<> child_actor::run(const std::function<void(portal)>& booted) {
  auto whole = [&](task_nursery& tasks) -> task<> { co_await live(tasks, booted); };
  co_await open_task_nursery(whole);
}

task<> child_actor::live(task_nursery& tasks, const std::function<void(portal)>& booted) {
  struct stop_watching {
    ~stop_watching() { watch.cancel(); }
    cancel_scope& watch;
  } const at_the_end{watch_};
  std::exception_ptr error;
  try {
    co_await boot();
    tasks.start_soon(task_name("exit watch"), [this] { return watch_exit(); });
    co_await wait_connected();
    expected_.connected->explain_end = [self = shared_from_this()] { return explain_end(self); };
    co_await introduce();
    boot_socket_.reset();
    booted(portal(expected_.connected));
    co_await attend();
  } catch (...) {
    error = std::current_exception();
  }
  // One that left by itself, even with code 0, had no time to put things away.
  const bool left_by_itself = exited_.is_set();
  // No cancel that comes at the same time hides that.
  if (left_by_itself && !status_.success() && (!error || is_only_cancelled(error))) error = death(false);
  try {
    if (process_ && !left_by_itself) co_await shielded([&]() -> task<> { co_await end(nursery_.hard_); });
  } catch (...) {
    // What came first stays, unless it is no more than the order to end.
    if (!error || is_cancelled(error)) error = std::current_exception();
  }
  if (expected_.connected) {
    expected_.connected->explain_end = nullptr;
    // Calls under way end with the same error as the child, whichever of the two was noticed first.
    if (left_by_itself && !status_.success())
      expected_.connected->explain_end = [known = death(false)] { return as_task(known); };
    expected_.connected->chan().close();
  }
  const bool in_order =
      expected_.connected && expected_.connected->cancel_acknowledged() && status_.success();
  if (!in_order && (left_by_itself || (exited_.is_set() && !status_.success())))
    co_await shielded([&]() -> task<> { co_await clean_up_after_death(); });
  if (once_ && !once_->done.is_set()) {
    once_->error = error && !is_only_cancelled(error) ? error : ended_early();
    once_->done.set();
  }
  boot_stderr_.reset();
  detach();
  if (error) std::rethrow_exception(error);
}

// Waits for the end of a running child, or for the one call of a run-once child.
task<> child_actor::attend() {
  auto both = [&](task_nursery& tasks) -> task<> {
    tasks.start_soon(task_name("end of its process"), [this, &tasks]() -> task<> {
      co_await exited_.wait();
      // Its last messages may still be on their way to us; the connection says why it ended.
      tasks.scope().cancel();
    });
    co_await run_once();
    tasks.scope().cancel();
  };
  if (once_)
    co_await open_task_nursery(both);
  else
    co_await watch_link();
  if (lost_) std::rethrow_exception(lost_);
  const bool owes_a_result = once_ && !once_->done.is_set();
  if (exited_.is_set() && (owes_a_result || !status_.success())) fail_exit(false);
}

// Waits for the end of the process. One that lives and cannot be reached any more has failed: at once if it
// was silent for too long, else after the time that an orderly end may take.
task<> child_actor::watch_link() {
  link& via = *expected_.connected;
  bool was_silent = false;
  via.on_end = [&] {
    // Any other reason is found out later.
    was_silent = via.end_error() != nullptr;
    expected_.changed.notify_all();
  };
  const cleared on_end(via.on_end);
  while (via.connected() && !exited_.is_set()) co_await expected_.changed.wait();
  if (!exited_.is_set() && !was_silent)
    co_await move_on_after(runtime_.config().timeouts.nursery_cancel.value(), exited_.wait());
  if (exited_.is_set()) co_return;
  if (via.end_error()) std::rethrow_exception(via.end_error());
  co_await exited_.wait();
}

task<> child_actor::run_once() {
  auto keep = [](void* slot, msg::byte_view value) { static_cast<msg::buffer*>(slot)->append(value); };
  std::exception_ptr error;
  try {
    co_await call_endpoint(expected_.connected, *once_->what, std::move(once_->args), keep, &once_->value);
  } catch (...) {
    error = std::current_exception();
  }
  // Cut off: its process is gone, or its nursery ends. What that is to who waits is known at the end of
  // `live`.
  if (error && is_only_cancelled(error)) std::rethrow_exception(error);
  once_->error = error;
  once_->done.set();
  if (error) std::rethrow_exception(error);
}

std::exception_ptr child_actor::ended_early() {
  if (exited_.is_set() && !status_.success()) return death(false);
  error_record record = box_error(
      std::make_exception_ptr(runtime_failure("'" + id_.short_form() + "' was ended before it had a result")),
      runtime_.id());
  record.src_type_str = record.boxed_type_str = "ContextCancelled";
  record.canceller = runtime_.id();
  return unbox_error(std::move(record));
}

task<bool> child_actor::exits_within(duration bound) {
  if (!exited_.is_set()) {
    auto in_time = co_await move_on_after(bound, exited_.wait());
    if (!in_time) co_return false;
  }
  if (lost_) std::rethrow_exception(lost_);
  co_return true;
}

// The kill ladder. Every rung has a bound, so that no child, however stuck, holds its parent for ever.
task<> child_actor::end(bool hard) {
  const auto& bounds = runtime_.config().timeouts;
  bool gone = false;
  if (!hard && expected_.connected) {
    const bool acknowledged = co_await expected_.connected->request_cancel(bounds.cancel_ack.value());
    if (acknowledged) {
      // It is ending its own children by this same ladder: the bound covers one that is stuck. A deadline of
      // whoever has ended us is one for answers; it cuts no orderly end short.
      gone = co_await exits_within(bounds.nursery_cancel.value());
    } else {
      gone = co_await exits_within(0s);
      if (!gone)
        TRACTOR_LOG(runtime, cancel, "'{}' did not acknowledge its cancel in time", id_.short_form());
    }
  }
  if (gone) {
    // Nothing has forced it yet: a crash on its way out is an error like any other.
    if (!status_.success()) fail_exit(false);
    co_return;
  }
  process_->signal(SIGTERM);
  gone = co_await exits_within(bounds.hard_kill.value());
  if (gone) {
    // It may have crashed before our signal came: its end is not always known at once.
    if (status_.signo() != 0 && status_.signo() != SIGTERM) fail_exit(false);
    co_return;
  }
  TRACTOR_LOG(runtime, critical, "'{}' (pid {}) does not end: killing it", id_.short_form(), id_.pid());
  process_->signal(SIGKILL);
  gone = co_await exits_within(10s);
  if (!gone) throw actor_failure(id_, "survives SIGKILL: it hangs in the kernel");
}

// What a killed process leaves is for its nearest living relative. That is not only what bears its number: it
// may have been about to put away what others had left to it.
task<> child_actor::clean_up_after_death() {
  try {
    co_await sweep_orphans();
    remove_leftovers_of_the_dead(transports_);
  } catch (const std::exception& error) {
    // Why the child has died is what matters.
    TRACTOR_LOG(runtime, warning, "cannot put away what '{}' has left: {}", id_.short_form(), error.what());
  }
}

task<std::exception_ptr> child_actor::explain_end(std::shared_ptr<child_actor> self) {
  const bool gone = co_await self->exits_within(500ms);
  if (!gone) co_return nullptr;
  // With success it may have ended because it was asked to, or because its connection to us broke.
  const link& via = *self->expected_.connected;
  if (self->status_.success() && (via.cancel_acknowledged() || !via.is_whole())) co_return nullptr;
  co_return self->death(false);
}

// One object however often it is raised, so that a nursery which meets it twice counts it once.
std::exception_ptr child_actor::death(bool booting) {
  if (!death_) {
    // A child that has connected may still fail to listen; once it serves, its last words are not kept here.
    const std::string tail = stderr_tail();
    death_ = std::make_exception_ptr(actor_failure(id_, status_, booting || !tail.empty(), tail));
  }
  return death_;
}

std::string child_actor::stderr_tail() const {
  const off_t size = ::lseek(boot_stderr_.get(), 0, SEEK_END);
  if (size <= 0) return {};
  const off_t from = size > static_cast<off_t>(tail_size) ? size - static_cast<off_t>(tail_size) : 0;
  std::string tail(static_cast<std::size_t>(size - from), '\0');
  const ssize_t count = ::pread(boot_stderr_.get(), tail.data(), tail.size(), from);
  tail.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

void child_actor::fail_exit(bool booting) {
  if (lost_) std::rethrow_exception(lost_);
  std::rethrow_exception(death(booting));
}

}  // namespace tractor::detail
