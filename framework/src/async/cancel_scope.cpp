#include "tractor/async/cancel_scope.hpp"

#include <stdexcept>

#include "async/event_loop.hpp"
#include "tractor/async/exception_group.hpp"

namespace tractor {

std::size_t& detail::deadline_heap::index_of(cancel_scope& scope) noexcept { return scope.heap_index_; }

void detail::fail_no_value() {
  throw std::logic_error("there is no value: the scope has cut its body off (ask the result first)");
}

cancel_scope::cancel_scope() = default;
cancel_scope::cancel_scope(time_point deadline, bool shield) : deadline_(deadline), shield_(shield) {}
cancel_scope::~cancel_scope() {
  if (loop_) loop_->remove_deadline(*this);
}

void cancel_scope::cancel() noexcept {
  if (called_) return;
  called_ = true;
  if (loop_) loop_->remove_deadline(*this);
  recalculate();
}

bool cancel_scope::cancel_called() noexcept {
  if (!called_ && loop_ && deadline_ <= loop_->now()) cancel();
  return called_;
}

void cancel_scope::set_deadline(time_point deadline) {
  if (loop_) loop_->remove_deadline(*this);
  deadline_ = deadline;
  if (!loop_ || called_ || deadline_ == time_point::max()) return;
  if (deadline_ <= loop_->now())
    cancel();
  else
    loop_->add_deadline(*this);
}

void cancel_scope::set_shield(bool shield) noexcept {
  shield_ = shield;
  recalculate();
}

// Brings `effective_` up to date in this scope and below (a worklist, since scopes nest as deep as programs
// recurse), then tells the tasks that are cancelled by that. Telling is a step of its own because it calls
// out: a stop callback or an asio operation may cancel further scopes from there.
void cancel_scope::recalculate() noexcept {
  if (!loop_) {  // not entered: nothing is inside
    effective_ = called_;
    return;
  }
  cancel_scope* last = this;
  for (cancel_scope* at = this; at; at = std::exchange(at->next_to_recalculate_, nullptr)) {
    const bool now = at->called_ || at->parent_cancel_visible();
    if (now == at->effective_) continue;
    at->effective_ = now;
    if (now) at->tasks_.for_each([this](detail::task_state& task) { loop_->announce_cancel(task); });
    at->children_.for_each([&](cancel_scope& child) {
      last->next_to_recalculate_ = &child;
      last = &child;
    });
  }
  loop_->deliver_cancels();
}

void cancel_scope::attach(cancel_scope* parent) noexcept {
  static_cast<detail::list_hook<detail::in_parent>&>(*this).unlink();
  parent_ = parent;
  if (parent_) parent_->children_.push_back(*this);
  recalculate();
}

void cancel_scope::enter() {
  detail::task_state& task = detail::current_task();
  if (std::exchange(entered_, true)) throw std::logic_error("a cancel_scope is entered once: make a new one");
  loop_ = &task.loop;
  static_cast<detail::list_hook<detail::in_scope>&>(task).unlink();
  parent_ = task.scope;
  if (parent_) parent_->children_.push_back(*this);
  task.scope = this;
  tasks_.push_back(task);
  effective_ = called_ || parent_cancel_visible();
  if (!called_ && deadline_ != time_point::max()) {
    if (deadline_ <= loop_->now())
      cancel();
    else
      loop_->add_deadline(*this);
  }
}

std::exception_ptr cancel_scope::leave(std::exception_ptr error) noexcept {
  detail::task_state& task = detail::current_task();
  loop_->remove_deadline(*this);
  static_cast<detail::list_hook<detail::in_scope>&>(task).unlink();
  task.scope = parent_;
  if (parent_) parent_->tasks_.push_back(task);
  if (error && effective_ && !parent_cancel_visible()) {
    if (detail::is_cancelled(error)) {
      caught_ = true;
      error = nullptr;
    } else {
      auto [mine, rest] =
          split_error(error, [](const std::exception_ptr& leaf) { return detail::is_cancelled(leaf); });
      if (mine) {
        caught_ = true;
        error = rest;
      }
    }
  }
  static_cast<detail::list_hook<detail::in_parent>&>(*this).unlink();
  parent_ = nullptr;
  loop_ = nullptr;
  return error;
}

time_point current_time() noexcept {
  detail::event_loop* loop = detail::event_loop::current();
  return loop ? loop->now() : std::chrono::steady_clock::now();
}

time_point current_effective_deadline() noexcept {
  detail::task_state* task = detail::current_task_or_null();
  return task && task->scope ? detail::event_loop::effective_deadline(*task->scope) : time_point::max();
}

time_point detail::event_loop::effective_deadline(cancel_scope& innermost) noexcept {
  time_point earliest = time_point::max();
  if (innermost.effective_) return time_point::min();
  for (cancel_scope* scope = &innermost; scope; scope = scope->shield_ ? nullptr : scope->parent_)
    earliest = std::min(earliest, scope->deadline_);
  return earliest;
}

}  // namespace tractor
