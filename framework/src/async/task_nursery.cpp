#include "tractor/async/task_nursery.hpp"

#include <algorithm>

#include "async/event_loop.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/exception_group.hpp"

namespace tractor {

// Waits until the last child is gone. Not reachable by a cancel: the children get that, and end.
class task_nursery::join_awaiter final : public detail::suspension, public detail::engine_awaitable {
 public:
  explicit join_awaiter(task_nursery& nursery) noexcept : nursery_(nursery) {}
  bool await_ready() const noexcept { return nursery_.child_count_ == 0 && nursery_.pending_starts_ == 0; }
  void await_suspend(std::coroutine_handle<> at) noexcept {
    nursery_.joiner_ = this;
    block(at);
  }
  void await_resume() const noexcept {}
  void abort() noexcept override {}
  void resume() noexcept { wake(); }

 private:
  task_nursery& nursery_;
};

void task_nursery::open() {
  owner_ = &detail::current_task();
  scope_.enter();
  owner_->nurseries.push_back(*this);
  closed_ = false;
}

void task_nursery::check_open() const {
  if (closed_) throw std::logic_error("the nursery is closed: its block has been left");
}

void task_nursery::adopt(task<> root, std::string name) {
  check_open();
  auto child = std::make_unique<detail::task_state>(owner_->loop, std::move(name));
  auto handle = root.release();
  child->root = handle;
  child->parent = this;
  child->leaf = &handle.promise();
  handle.promise().owner = child.get();
  child->parked = handle;
  child->scope = &scope_;
  scope_.tasks_.push_back(*child);
  children_.push_back(*child);
  ++child_count_;
  owner_->loop.schedule(*child.release());
}

void task_nursery::add_error(std::exception_ptr error) noexcept {
  // The same object seen through two tasks is one error; every `cancelled` is the same object.
  if (detail::is_cancelled(error) && std::exchange(cancelled_noted_, true)) return;
  if (std::find(errors_.begin(), errors_.end(), error) != errors_.end()) return;
  errors_.push_back(std::move(error));
}

void task_nursery::child_done(detail::task_state& child) noexcept {
  --child_count_;
  if (child.error) {
    add_error(std::move(child.error));
    scope_.cancel();
  }
  wake_joiner_if_empty();
}

void task_nursery::wake_joiner_if_empty() noexcept {
  if (joiner_ && child_count_ == 0 && pending_starts_ == 0) std::exchange(joiner_, nullptr)->resume();
}

task<> task_nursery::join(std::exception_ptr body_error) {
  if (body_error) {
    add_error(std::move(body_error));
    scope_.cancel();
  }
  if (child_count_ == 0 && pending_starts_ == 0) co_await detail::yield_awaiter(false);
  while (child_count_ != 0 || pending_starts_ != 0) co_await join_awaiter(*this);
  closed_ = true;
}

std::exception_ptr task_nursery::close() noexcept {
  static_cast<detail::list_hook<detail::in_parent>&>(*this).unlink();
  // Two tasks may have met one error, of which a cancel beside it made two groups.
  std::exception_ptr rest =
      detail::without_repeats(scope_.leave(join_errors("several tasks failed", std::move(errors_))));
  if (ending_) {
    ending_->cancel_called = scope_.cancel_called();
    ending_->cancelled_caught = scope_.cancelled_caught();
  }
  return rest;
}

namespace detail {

void start_state::attach(task_nursery& old_nursery, task_nursery& target) noexcept {
  old_ = &old_nursery;
  target_ = &target;
}

void start_state::mark_started() {
  if (started_) throw std::logic_error("task_status.started() was called twice");
  started_ = true;
  // A cancelled start stays a cancelled start: the child ends where it is.
  if (old_->scope_.effective_) return;
  task_nursery& old = *old_;
  cancel_scope& from = old.scope_;
  cancel_scope& to = target_->scope_;
  static_cast<list_hook<in_parent>&>(*child_).unlink();
  target_->children_.push_back(*child_);
  child_->parent = target_;
  --old.child_count_;
  ++target_->child_count_;
  if (child_->scope == &from) {
    static_cast<list_hook<in_scope>&>(*child_).unlink();
    child_->scope = &to;
    to.tasks_.push_back(*child_);
    if (to.effective_) child_->deliver_cancel();
  }
  from.children_.for_each([&](cancel_scope& scope) { scope.attach(&to); });
  old.wake_joiner_if_empty();
}

}  // namespace detail
}  // namespace tractor
