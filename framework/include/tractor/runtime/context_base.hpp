// What both ends of a context share: two tasks in two actors, linked as one unit.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/condition.hpp"
#include "tractor/runtime/context_summary.hpp"
#include "tractor/runtime/endpoint.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor {

class stream_base;
class stream_options;
namespace detail {
class link;
class served_call;
}  // namespace detail

/// Which end of a context this is: that of the task that opened it, or that of the endpoint that serves it.
enum class context_side : std::uint8_t { parent, child };

/// One end of a context, whatever travels in it.
///
/// An error or a cancel of one end reaches the other. Owned by the runtime, for as long as the body or the
/// endpoint runs; neither copied nor moved. Loop thread only.
class TRACTOR_API context_base {
 public:
  context_side side() const noexcept { return side_; }
  context_side peer_side() const noexcept {
    return side_ == context_side::parent ? context_side::child : context_side::parent;
  }
  /// The actor at the other end.
  const actor_id& peer() const noexcept;
  /// The id that the messages of this context carry.
  const std::string& cid() const noexcept { return cid_; }
  /// The name of the endpoint.
  const std::string& name() const noexcept { return name_; }

  /// True once this end has called `cancel`.
  bool cancel_called() const noexcept { return cancel_called_; }
  /// True once the peer has ended because this end asked for it.
  bool cancel_acked() const noexcept { return cancel_acked_; }
  /// True once the scope of this end has absorbed a cancel that an error of the other end caused; a body asks
  /// in vain, as its scope is left after it: see `context_summary`.
  bool cancelled_caught() const noexcept { return scope_ && scope_->cancelled_caught(); }
  /// Who ended it: this actor after its own cancel, of the context or of the peer; the peer when somebody
  /// else has cancelled that; the source of an error. Empty while nobody has.
  const actor_id& canceller() const noexcept { return canceller_; }
  /// The error of the other end, or else that of this one; null if there is none so far.
  std::exception_ptr maybe_error() const noexcept { return remote_error_ ? remote_error_ : local_error_; }
  /// True once the other end has sent its last message, has told of an error, or is gone.
  bool has_outcome() const noexcept { return over_ || remote_error_; }
  /// Where it stands: pre-started, syncing-to-child, started, streaming, streaming-finished, result-returned,
  /// self-cancelled, peer-cancelled, actor-cancelled or errored.
  std::string_view state() const noexcept;

  context_base(const context_base&) = delete;
  context_base& operator=(const context_base&) = delete;

 protected:
  /// The end of the task that opens it, at `what` in the actor behind `via`.
  context_base(std::shared_ptr<detail::link> via, const detail::endpoint& what, stream_base& stream);
  /// The end of an endpoint that is being served.
  context_base(detail::reply& served, stream_base& stream);
  virtual ~context_base();
  /// Joins the stream, which is made after this base, to it.
  void bind() noexcept;

  /// Decode what the child hands over, while the message's bytes live. Throw `msg::codec_error`.
  virtual void accept_started(msg::byte_view) {}
  virtual void accept_result(msg::byte_view) {}

  // The child's end.
  /// Sends Started; throws `runtime_failure` the second time.
  void send_started(const std::function<void(msg::writer&)>& put);
  /// Cancels the endpoint itself.
  void cancel_self(std::string reason) noexcept;
  /// What an endpoint that returns owes: a Stop for its stream. Throws if it has never said `started`.
  void finish_child();

  // The parent's end.
  /// Starts the endpoint and waits for its Started. A checkpoint; throws what the endpoint throws.
  task<> start(msg::buffer args);
  /// Waits for the endpoint's last message, and lets it send until then. A checkpoint.
  task<> wait_over();
  /// Asks the child to end; shielded, and bounded by `bound` or the acknowledgement's.
  task<> cancel_child(std::string reason, std::optional<duration> bound);
  /// Leaves the context after its body ended with `error` (or null); yields what is to be raised, or null.
  task<std::exception_ptr> leave(std::exception_ptr error);
  cancel_scope& own_scope() noexcept { return own_scope_; }
  void summarize(context_summary& into) const;

  /// Opens the stream; throws `runtime_failure`, or the peer's error, where that cannot be (any more).
  void open(const stream_options& options);
  /// Throws `runtime_failure` while there is no outcome.
  void check_outcome() const;

 private:
  friend class detail::link;
  friend class stream_base;

  // What arrives, in the order of the wire.
  void take_ack(msg::function_type kind);
  void take_started(msg::byte_view value);
  void take_stop();
  void take_result(msg::byte_view value);
  void take_error(error_record record);
  void take_end_of_link(const std::exception_ptr& why);
  /// The peer broke the rules, or sent a value of another type: both ends are told.
  void take_fault(std::exception_ptr error);
  void set_remote_error(std::exception_ptr error, bool by_own_request);
  void end_stream(const std::exception_ptr& why) noexcept;
  std::exception_ptr without_own_cancel(const std::exception_ptr& error) const;
  task<> request_cancel(std::string reason, std::string otherwise, std::optional<duration> bound = {});
  void drain() noexcept;
  bool what_is_context() const noexcept;

  std::shared_ptr<detail::link> keep_;  // parent only; the child's link outlives what it serves
  detail::link& via_;
  detail::served_call* served_ = nullptr;  // child only
  const detail::endpoint* what_ = nullptr;
  std::string cid_;
  std::string name_;
  const context_side side_;
  stream_base& stream_;
  cancel_scope own_scope_;         // parent only: around the body
  cancel_scope* scope_ = nullptr;  // what an error of the peer cancels: the body, or the served task
  detail::task_state* owner_ = nullptr;
  std::exception_ptr remote_error_;
  std::exception_ptr local_error_;
  actor_id canceller_;
  condition changed_;
  bool started_ = false;
  bool over_ = false;
  bool returned_ = false;
  bool cancel_called_ = false;
  bool cancel_acked_ = false;
  bool absorbed_ = false;  // the peer's error is what the own cancel has brought about
  bool cancelled_by_another_task_ = false;
};

}  // namespace tractor
