// The life of one end of a context: what arrives, what it owes, and how it is left.
#include "tractor/runtime/context_base.hpp"

#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/runtime/msg_stream.hpp"

namespace tractor {

using detail::link;

namespace {

link& checked(const std::shared_ptr<link>& via) {
  if (!via) throw runtime_failure("this portal is empty: it belongs to no actor");
  return *via;
}

}  // namespace

context_base::context_base(std::shared_ptr<link> via, const detail::endpoint& what, stream_base& stream)
    : keep_(std::move(via)),
      via_(checked(keep_)),
      what_(&what),
      cid_(via_.next_cid()),
      name_(what.name),
      side_(context_side::parent),
      stream_(stream),
      scope_(&own_scope_),
      owner_(&detail::current_task()) {
  via_.add_dialog(*this);
}

context_base::context_base(detail::reply& served, stream_base& stream)
    : via_(static_cast<detail::served_call&>(served).via),
      served_(static_cast<detail::served_call*>(&served)),
      what_(served_->what),
      cid_(served_->cid),
      name_(served_->name),
      side_(context_side::child),
      stream_(stream),
      scope_(&served_->scope) {
  via_.add_dialog(*this);
}

void context_base::bind() noexcept { stream_.bind(*this, via_.chan().peer_can(ipc::capability::credit)); }

bool context_base::what_is_context() const noexcept { return what_->kind == msg::function_type::context; }

context_base::~context_base() { via_.remove_dialog(*this); }

const actor_id& context_base::peer() const noexcept { return via_.peer(); }

std::string_view context_base::state() const noexcept {
  if (cancel_called_) return "self-cancelled";
  if (served_ && !served_->canceller.empty())
    return served_->canceller == via_.peer() ? "peer-cancelled" : "actor-cancelled";
  if (remote_error_) return is_error<context_cancelled>(remote_error_) ? "peer-cancelled" : "errored";
  if (local_error_) return "errored";
  if (returned_) return "result-returned";
  if (stream_.opened_) return stream_.closed_ || stream_.peer_closed_ ? "streaming-finished" : "streaming";
  if (started_) return "started";
  return side_ == context_side::parent ? "syncing-to-child" : "pre-started";
}

void context_base::check_outcome() const {
  if (!has_outcome()) throw runtime_failure("the context with '" + name_ + "' has no outcome yet");
}

void context_base::summarize(context_summary& into) const {
  into.canceller_ = canceller_;
  into.error_ = maybe_error();
  into.state_ = state();
  into.cancel_called_ = cancel_called_;
  into.cancel_acked_ = cancel_acked_;
  into.cancelled_caught_ = cancelled_caught();
  into.has_outcome_ = has_outcome();
}

void context_base::open(const stream_options& options) {
  if (!started_ && side_ == context_side::child && what_is_context())
    throw runtime_failure("'" + name_ + "' opens its stream before it has called started");
  if (remote_error_) std::rethrow_exception(remote_error_);
  if (cancel_called_)
    throw runtime_failure("the context with '" + name_ + "' was cancelled: no stream opens");
  stream_.open(options);
}

void context_base::send_started(const std::function<void(msg::writer&)>& put) {
  if (started_) throw runtime_failure("'" + name_ + "' calls started a second time");
  msg::started header;
  header.cid = cid_;
  via_.chan().send_with(header, put);
  started_ = true;
}

void context_base::cancel_self(std::string reason) noexcept {
  if (!cancel_called_) {
    cancel_called_ = true;
    canceller_ = via_.runtime().id();
    if (served_->canceller.empty()) served_->cancel(canceller_, {{}, reason});
  }
  scope_->cancel();
}

void context_base::finish_child() {
  if (!started_ && what_is_context())
    throw runtime_failure("'" + name_ + "' returned without having called started");
  stream_.close(true);
  returned_ = true;
}

task<> context_base::start(msg::buffer args) {
  msg::start call;
  msg::buffer kwargs;
  via_.name_call(call, *what_, args.view(), kwargs);
  via_.send_start(call, cid_);
  std::exception_ptr cut;
  try {
    while (!started_ && !over_ && !remote_error_) co_await changed_.wait();
  } catch (...) {
    cut = std::current_exception();
  }
  if (cut) {
    if (!over_) co_await request_cancel("", "the caller was cancelled before the context had started");
    // As of a call that is cut off.
    std::rethrow_exception(detail::is_fault_of_peer(remote_error_) ? remote_error_ : cut);
  }
  // Once it has started the body is entered, even if the end came along: when that is does not depend on
  // luck.
  if (!remote_error_ || started_) co_return;
  if (!over_) co_await request_cancel("the caller cannot make sense of it", "");
  std::rethrow_exception(remote_error_);
}

// A peer that has been told of a fault may have more to say, but nobody waits for it.
task<> context_base::wait_over() {
  drain();
  while (!over_ && !remote_error_) co_await changed_.wait();
}

void context_base::drain() noexcept {
  if (stream_.receivers_.empty()) stream_.discard();
}

task<> context_base::request_cancel(std::string reason, std::string otherwise,
                                    std::optional<duration> bound) {
  cancel_called_ = true;
  cancelled_by_another_task_ = &detail::current_task() != owner_;
  auto ask = [&]() -> task<> { co_await via_.cancel_remote(cid_, reason, otherwise, bound); };
  co_await shielded(ask);
}

task<> context_base::cancel_child(std::string reason, std::optional<duration> bound) {
  if (over_ || cancel_called_) co_return;
  co_await request_cancel(std::move(reason), "", bound);
}

// What the own cancel has brought about is no error: leaves nothing of it, alone or as a leaf of a group.
std::exception_ptr context_base::without_own_cancel(const std::exception_ptr& error) const {
  if (!error || !absorbed_) return error;
  return split_error(error, [&](const std::exception_ptr& leaf) { return leaf == remote_error_; }).second;
}

task<std::exception_ptr> context_base::leave(std::exception_ptr error) {
  std::exception_ptr rest = without_own_cancel(error);
  if (!rest) {
    // A generator hears nothing of its reader but a cancel.
    stream_.close(what_is_context());
    // A generator has no result to wait for, and whoever complained of us waits for our cancel.
    const bool waits = what_is_context() && !remote_error_;
    try {
      if (waits) co_await wait_over();
    } catch (...) {
      rest = std::current_exception();
    }
  }
  const bool failed_before = remote_error_ != nullptr;
  local_error_ = rest;
  if (!over_) {
    std::string reason = "its caller needs no more";
    if (rest) reason = detail::is_cancelled(rest) ? "its caller was cancelled" : "its caller failed";
    co_await request_cancel("", std::move(reason));
  }
  // That our end cancelled the other is no error of the other; who else did so meanwhile is none to us
  // either.
  const bool only_cancelled = remote_error_ && !failed_before && is_error<context_cancelled>(remote_error_);
  const std::exception_ptr remote = absorbed_ || only_cancelled ? nullptr : remote_error_;
  if (!rest || rest == remote) co_return remote;
  if (!remote) co_return rest;
  // Our own scope takes the cancel that the peer's error is: another one is of a scope around this, whose
  // owner may have ended the peer while the body was cleaning up.
  if (detail::is_cancelled(rest))
    co_return is_error<remote_actor_error>(remote) && !detail::is_fault_of_peer(remote) ? rest : remote;
  // An error on the way out of a cancel stands in its place: nothing is lost.
  if (is_error<context_cancelled>(remote)) co_return rest;
  const bool known =
      split_error(rest, [&](const std::exception_ptr& leaf) { return leaf == remote; }).first != nullptr;
  if (known) co_return rest;
  co_return join_errors("errors of both ends of the context with '" + name_ + "'", {remote, rest});
}

void context_base::take_ack(msg::function_type kind) {
  if (kind != what_->kind) {
    take_fault(std::make_exception_ptr(runtime_failure("'" + name_ + "' is another kind of endpoint in " +
                                                       via_.chan().describe_peer() + " than here")));
  } else if (!what_is_context()) {
    started_ = true;
    changed_.notify_all();
  }
}

void context_base::take_stop() {
  stream_.take_stop();
  // For a generator that is all: no result follows.
  if (what_is_context() || side_ == context_side::child) return;
  over_ = returned_ = true;
  changed_.notify_all();
}

void context_base::take_started(msg::byte_view value) {
  if (started_ || side_ == context_side::child) {
    take_fault(std::make_exception_ptr(
        runtime_failure(via_.chan().describe_peer() + " sends a second Started for '" + name_ + "'")));
    return;
  }
  try {
    accept_started(value);
    started_ = true;
  } catch (const std::exception& wrong) {
    take_fault(std::make_exception_ptr(msg_type_error("the started value of '" + name_ +
                                                      "' is not of the endpoint's type: " + wrong.what())));
  }
  changed_.notify_all();
}

void context_base::take_result(msg::byte_view value) {
  if (!started_) {
    over_ = true;
    take_fault(std::make_exception_ptr(runtime_failure(via_.chan().describe_peer() + " returned from '" +
                                                       name_ + "' before it had started")));
    return;
  }
  try {
    accept_result(value);
    returned_ = true;
  } catch (const std::exception& wrong) {
    set_remote_error(std::make_exception_ptr(msg_type_error(
                         "the result of '" + name_ + "' is not of the endpoint's type: " + wrong.what())),
                     false);
  }
  over_ = true;
  end_stream(remote_error_);
  changed_.notify_all();
}

void context_base::take_error(error_record record) {
  const actor_id& self = via_.runtime().id();
  const bool is_cancel = record.src_type_str == "ContextCancelled";
  const bool from_peer = record.src_uid == via_.peer();
  const bool by_us = is_cancel && from_peer && record.canceller == self;
  const bool own = by_us && cancel_called_;
  const bool overrun = cancel_called_ && record.src_type_str == "StreamOverrun";
  // Behind the own cancel a complaint of our items is no news; the peer's end follows. One of ours that comes
  // back is that end.
  if (overrun && record.sender == self) return;
  const bool absorbed = own || (overrun && record.src_uid == self);
  if (own || (by_us && canceller_.empty()))
    canceller_ = self;
  else if (canceller_.empty())
    canceller_ = is_cancel ? via_.peer() : record.src_uid;
  // An overrun is the receiver's complaint: it goes on, while the sender's side ends and says so.
  if (side_ == context_side::parent && record.sender != self) over_ = true;
  if (!remote_error_) cancel_acked_ = own;
  set_remote_error(detail::unbox_error(std::move(record)), absorbed);
}

void context_base::take_end_of_link(const std::exception_ptr& why) {
  if (over_) return;
  over_ = true;
  if (canceller_.empty()) canceller_ = via_.peer();
  set_remote_error(why, false);
}

void context_base::take_fault(std::exception_ptr error) { set_remote_error(std::move(error), false); }

void context_base::set_remote_error(std::exception_ptr error, bool by_own_request) {
  if (!remote_error_) {
    remote_error_ = std::move(error);
    absorbed_ = by_own_request;
  }
  const bool waited = owner_ && owner_->blocked;
  end_stream(remote_error_);
  changed_.notify_all();
  // Whoever asked for the end goes on, to notice it at the next use of the context. Where another task asked,
  // an owner that waits for something of the context is told there, any other by its scope.
  const bool told = waited && !owner_->blocked;
  if (!by_own_request || (cancelled_by_another_task_ && !told)) scope_->cancel();
}

void context_base::end_stream(const std::exception_ptr& why) noexcept {
  if (why)
    stream_.fault_ = why;
  else
    stream_.peer_closed_ = true;
  stream_.wake_all();
}

}  // namespace tractor
