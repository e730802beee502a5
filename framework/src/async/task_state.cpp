#include "tractor/async/detail/task_state.hpp"

#include <memory>
#include <stdexcept>
#include <typeinfo>

#include "async/event_loop.hpp"
#include "tractor/async/task_nursery.hpp"

namespace tractor::detail {

namespace {
// Initial-exec: asked for at every checkpoint; this library is linked, not loaded later.
thread_local task_state* running __attribute__((tls_model("initial-exec"))) = nullptr;
}  // namespace

void suspension::block(std::coroutine_handle<> at) noexcept {
  task_ = running;
  task_->blocked = this;
  task_->parked = at;
}

void suspension::unblock() noexcept {
  task_->blocked = nullptr;
  task_->parked = {};
}

// A second wake in one turn (an operation that ends while a cancel is on its way) finds nothing to do.
void suspension::wake() noexcept {
  if (!task_ || task_->blocked != this) return;
  task_->blocked = nullptr;
  task_->loop.schedule(*task_);
}

void queued::abort() noexcept {
  unlink();
  aborted_ = true;
  wake();
}

void queued::release() noexcept {
  unlink();
  wake();
}

void task_state::run() noexcept {
  running = this;
  next = std::exchange(parked, {});
  while (next) std::exchange(next, {}).resume();
  if (!done || !parent) {  // the main task belongs to the loop
    running = nullptr;
    return;
  }
  auto handle = std::coroutine_handle<task_promise<void>>::from_address(root.address());
  error = std::exchange(handle.promise().error, nullptr);
  handle.destroy();  // the arguments die inside their task still
  running = nullptr;
  std::unique_ptr<task_state> self(this);
  static_cast<list_hook<in_scope>&>(*this).unlink();
  static_cast<list_hook<in_parent>&>(*this).unlink();
  parent->child_done(*this);
}

bool task_state::cancel_pending() const noexcept { return scope && scope->effective_; }

void task_state::deliver_cancel() noexcept {
  if (blocked) blocked->abort();
}

task_state& current_task() {
  if (!running)
    throw std::logic_error("not inside a task: call this in a coroutine run by run_loop or tractor::run");
  return *running;
}

task_state* current_task_or_null() noexcept { return running; }

void schedule(task_state& task) noexcept { task.loop.schedule(task); }

void raise_if_cancelled() {
  if (running && running->cancel_pending()) raise_cancelled();
}

void refuse_second_await() {
  throw std::logic_error("this task was awaited or moved from already: a task is awaited once");
}

// One shared exception object: recognising a `cancelled` is then a comparison of pointers, not a rethrow.
std::exception_ptr make_cancelled() {
  static const std::exception_ptr shared = std::make_exception_ptr(cancelled());
  return shared;
}

void raise_cancelled() { std::rethrow_exception(make_cancelled()); }

// A handler that wrote `throw c;` for `throw;` made a copy, which counts too.
bool is_cancelled(const std::exception_ptr& error) noexcept {
  if (error == make_cancelled()) return true;
  return error && *error.__cxa_exception_type() == typeid(cancelled);
}

}  // namespace tractor::detail
