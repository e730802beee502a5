// One connection of an actor, with the calls that run over it both ways.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "runtime/cancel_cause.hpp"
#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/condition.hpp"
#include "tractor/async/event.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/ipc/channel.hpp"
#include "tractor/runtime/context_base.hpp"
#include "tractor/runtime/endpoint.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor::detail {

/// True if an error of another actor says more than that it, or a peer of its own, was cancelled: a leaf of
/// it is neither a ContextCancelled nor a TransportClosed. False for what is no `remote_actor_error`.
bool is_fault_of_peer(const std::exception_ptr& error);

class actor_runtime;
class link;

/// A call that waits for its peer. Lives in the frame of the caller.
class pending_call {
 public:
  void (*decode)(void* slot, msg::byte_view value) = nullptr;
  void* slot = nullptr;
  std::exception_ptr error;
  bool acked = false;  // a CancelAck's value
  std::array<char, 36> cid{};
  event done;
};

/// A call that a peer makes and this actor runs.
class served_call final : public reply {
 public:
  served_call(link& via, std::string cid, const endpoint* what = nullptr)
      : via(via), cid(std::move(cid)), what(what) {}
  void result(const std::function<void(msg::writer&)>& put) override;
  void attach(std::shared_ptr<context_base> end) override { dialog = std::move(end); }
  /// Cancels it; the first who asks is the canceller, and the earliest deadline of all who ask holds.
  void cancel(const actor_id& who, const cancel_cause& why) noexcept;

  link& via;
  std::string cid;
  const endpoint* what;  // null for a runtime call
  std::string name;
  cancel_scope scope;
  actor_id canceller;
  cancel_cause why;
  bool replied = false;
  event ended;
  std::shared_ptr<context_base> dialog;  // of a context or a generator
};

// For the ids of calls: those of one peer differ in their last digits, and peers are not strangers.
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    std::uint64_t tail = text.size();
    if (text.size() >= sizeof tail) std::memcpy(&tail, text.data() + text.size() - sizeof tail, sizeof tail);
    return static_cast<std::size_t>(tail * 0x9e3779b97f4a7c15ull >> 16);
  }
};
template <class T> using text_map = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;
/// By the id of a call; what is in it holds the text, so that a call costs no allocation here.
template <class T>
using call_map = boost::unordered_flat_map<std::string_view, T, text_hash, std::equal_to<>>;

/// The message loop of one connection.
///
/// Shared by the portals that use it and by the task that runs `serve`. When the peer goes away, what it
/// started here is cancelled and what we started there fails. Loop thread only.
class link : public std::enable_shared_from_this<link> {
 public:
  link(actor_runtime& runtime, std::shared_ptr<ipc::channel> over);
  ~link();

  ipc::channel& chan() noexcept { return *chan_; }
  actor_runtime& runtime() noexcept { return runtime_; }
  const actor_id& peer() const noexcept { return peer_; }
  bool connected() const noexcept { return chan_->connected(); }
  /// Waits until the connection has ended; what came before that has been handled then. A checkpoint.
  task<> wait_end();

  /// Handles messages until the connection ends or the task is cancelled. Throws `cancelled` only.
  task<> serve();

  /// Sends `call` (whose cid is filled in) and waits for the answer in `pending`. A checkpoint.
  ///
  /// A cancel of the caller cancels the remote task, and waits for its end within the ack bound.
  task<> call(msg::start& call, pending_call& pending);
  /// Asks the peer's runtime to end; yields whether it acknowledged within `bound`, or what is left of the
  /// deadline of the cancel that this one is due to. A checkpoint.
  task<bool> request_cancel(duration bound, std::string reason = {});
  /// Whether it has: the peer puts its things away itself then.
  bool cancel_acknowledged() const noexcept { return cancel_acknowledged_; }

  // Dialogs: what their ends need of the connection.
  const std::string& next_cid() noexcept;
  void add_dialog(context_base& end) { dialogs_.insert_or_assign(end.cid(), &end); }
  void remove_dialog(context_base& end) noexcept;
  /// Says in `call` what is called with `args` (a list), in the peer's terms. `kwargs` lives as long as
  /// `call`.
  void name_call(msg::start& call, const endpoint& what, msg::byte_view args, msg::buffer& kwargs) const;
  /// Sends `call` under `cid`; throws the link's error after its end. Over a connection that has just broken
  /// nothing is sent: whoever waits for the answer is told the reason with the others.
  void send_start(msg::start& call, std::string_view cid);
  /// Asks the peer to end a task of ours there; returns when it has ended or the bound has passed (default:
  /// that of acknowledgements), or what is left of the deadline of the cancel that this one is due to.
  /// Shield it.
  task<> cancel_remote(std::string cid, std::string reason, std::string otherwise = {},
                       std::optional<duration> bound = {});
  /// Answers a request to cancel; a peer of our make is told what was `done`.
  void acknowledge(std::string_view cid, std::string_view done);
  /// Lets the stream send again once bytes of the connection have left.
  void wait_for_room(stream_base& stream);

  /// Serves a runtime call as a task of its own, which the caller can cancel.
  void run_verb(const msg::start& call, std::function<task<>(reply&)> work);

  /// Cancels all calls that the peer runs here, on behalf of `who`.
  void cancel_served(const actor_id& who, const cancel_cause& why) noexcept;
  /// The call of the peer, cancelled by somebody, whose work is done in `scope`; null if there is none.
  const served_call* cancelled_call_around(const cancel_scope* scope) const noexcept;
  task<> wait_served();
  std::size_t served_count() const noexcept { return served_.size(); }

  /// Says why the peer is gone, when somebody knows better than the socket (the supervisor of a child does).
  std::function<task<std::exception_ptr>()> explain_end;
  /// Called once the connection has ended, before pending calls fail.
  std::function<void()> on_end;
  /// The error that calls on this link fail with after its end.
  std::exception_ptr end_error() const noexcept { return end_error_; }
  /// True unless the connection has broken: of one that the peer has closed the reason is to be found with
  /// the peer.
  bool is_whole() const noexcept { return end_text_.empty(); }
  void send_error(const std::string& cid, error_record record);
  /// Queues an answer, unless the connection has just broken: what had arrived by then is still read.
  template <class Message> void answer(const Message& message) {
    if (connected()) chan_->send(message);
  }

  // For discovery, which shares connections and closes those that nobody uses any more.
  bool permanent = false;  // joins a parent and its child: lives as long as both
  bool outbound = false;   // made by discovery here
  bool retired = false;    // the peer may close it, unless it makes a call: nothing new of ours goes over it
  bool closing = false;    // about to be closed here
  unsigned uses = 0;       // how often `in_use` was made
  std::weak_ptr<link> in_use;

 private:
  friend class served_call;
  void dispatch_body(msg::byte_view body, std::uint32_t depth);
  void dispatch(const msg::message& message);
  void meet_nemesis();
  void take_item(const msg::yield_item& item);
  void handle_start(const msg::start& call);
  void start_endpoint(const msg::start& call);
  void start_verb(const msg::start& call);
  pending_call* find_call(std::string_view cid);
  context_base* find_dialog(std::string_view cid, std::string_view what);
  bool dispatch_to_dialog(const msg::message& message);
  void take_result(const msg::return_value& value);
  void take_error(const msg::error& message);
  task<> run_served(std::shared_ptr<served_call> served, task<> work);
  void start_cancel_task(const msg::start& call);
  error_record cancelled_record(const served_call& served) const;
  task<> cancel_task(std::string cid, std::string target, cancel_cause why);
  task<> watch_room();
  task<> read_messages();
  task<> heartbeat();
  task<> end_calls();

  actor_runtime& runtime_;
  std::shared_ptr<ipc::channel> chan_;
  actor_id peer_;
  task_nursery* tasks_ = nullptr;
  std::string last_cid_;
  call_map<pending_call*> pending_;
  call_map<std::shared_ptr<served_call>> served_;
  text_map<context_base*> dialogs_;
  std::vector<context_base*> short_of_room_;
  condition served_changed_;
  condition ended_;
  std::exception_ptr end_error_;
  std::string end_text_;
  transport_closed::cause end_cause_ = transport_closed::cause::end_of_stream;
  bool cancel_acknowledged_ = false;
  bool watching_room_ = false;
  bool end_told_ = false;
};

/// What a request to cancel says of its cause.
cancel_cause cause_in(const msg::start& call);

/// Fresh text of a random uuid (version 4); unique across forks.
std::string make_uuid();

/// Converts a received error message and back.
error_record record_of(const msg::error& wire);
void send_record(ipc::channel& over, const error_record& record, std::string_view cid);

}  // namespace tractor::detail
