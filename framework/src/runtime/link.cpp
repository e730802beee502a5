#include "runtime/link.hpp"

#include "runtime/actor_runtime.hpp"
#include "runtime/nemesis.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail {

void served_call::result(const std::function<void(msg::writer&)>& put) {
  replied = true;
  if (nemesis_waits && what) pass_failure_point(failure_point::result);
  msg::return_value header;
  header.cid = cid;
  via.chan().send_with(header, put);
}

link::link(actor_runtime& runtime, std::shared_ptr<ipc::channel> over)
    : runtime_(runtime), chan_(std::move(over)), peer_(chan_->peer()), last_cid_(make_uuid()) {}

link::~link() = default;

task<> link::serve() {
  auto self = shared_from_this();
  std::exception_ptr cut;
  auto body = [&](task_nursery& tasks) -> task<> {
    tasks_ = &tasks;
    const duration period = runtime_.config().timeouts.heartbeat_period.value();
    if (period > duration::zero() && chan_->peer_can(ipc::capability::heartbeat))
      tasks.start_soon(task_name("heartbeat"), [this] { return heartbeat(); });
    co_await read_messages();
    chan_->close();
    // Nobody is left to take the results of what the peer started here.
    cancel_served(peer_, {});
    ended_.notify_all();
    // Not behind them: one that takes its time to end must not hide from others that the peer is gone.
    co_await shielded([&]() -> task<> { co_await end_calls(); });
    tasks.scope().cancel();
  };
  try {
    co_await open_task_nursery(body);
  } catch (...) {
    cut = std::current_exception();
  }
  tasks_ = nullptr;
  chan_->close();
  ended_.notify_all();
  if (!end_told_) co_await shielded([&]() -> task<> { co_await end_calls(); });
  if (cut) std::rethrow_exception(cut);
}

task<> link::wait_end() {
  while (!chan_->closed()) co_await ended_.wait();
}

// A peer that asks and asks and takes no answer is read no further while so much of these waits. What others
// have queued does not count: two peers that both had much to say would wait for each other.
task<> link::read_messages() {
  constexpr std::size_t most_unread = 4 << 20;
  std::size_t unread = 0;
  const auto depth = static_cast<std::uint32_t>(runtime_.config().limits.depth.value());
  bool refused = false;
  try {
    for (;;) {
      const std::size_t before = chan_->queued();
      while (auto body = chan_->next_buffered()) dispatch_body(*body, depth);
      const std::size_t queued = chan_->queued();
      unread = queued < most_unread ? 0 : unread + (queued - std::min(queued, before));
      if (unread >= most_unread) co_await chan_->wait_queued_below(most_unread);
      const bool more = co_await chan_->receive_more();
      if (!more) break;
    }
    TRACTOR_LOG(ipc, transport, "the connection to {} is closed", chan_->describe_peer());
  } catch (const transport_closed& closed) {
    end_text_ = closed.what();
    end_cause_ = closed.why();
    if (end_cause_ == transport_closed::cause::fault)
      TRACTOR_LOG(ipc, warning, "{}", end_text_);
    else
      TRACTOR_LOG(ipc, transport, "{}", end_text_);
  } catch (const msg::codec_error& error) {
    end_text_ = "dropped " + chan_->describe_peer() + ", which sent a broken message: " + error.what();
    end_cause_ = transport_closed::cause::fault;
    TRACTOR_LOG(ipc, error, "{}", end_text_);
  } catch (const handshake_error& error) {
    end_text_ = error.what();
    refused = true;
    TRACTOR_LOG(ipc, error, "{}", end_text_);
  }
  // It is told why, if it listens.
  if (refused) co_await move_on_after(runtime_.config().timeouts.cancel_ack.value(), chan_->flush());
}

task<> link::end_calls() {
  end_told_ = true;
  runtime_.link_gone(*this);
  if (on_end) on_end();
  std::exception_ptr better;
  if (explain_end && !(pending_.empty() && dialogs_.empty())) better = co_await explain_end();
  if (end_text_.empty()) end_text_ = "the connection to " + chan_->describe_peer() + " is closed";
  if (!end_error_)
    end_error_ = better ? better : std::make_exception_ptr(transport_closed(end_text_, end_cause_));
  for (auto& [cid, pending] : pending_) {
    if (pending->done.is_set()) continue;
    pending->error = end_error_;
    pending->done.set();
  }
  // Those of calls that end behind a shield, too: nothing that they send or wait for comes through.
  for (auto& [cid, dialog] : dialogs_) dialog->take_end_of_link(end_error_);
}

task<> link::heartbeat() {
  const auto& bounds = runtime_.config().timeouts;
  for (std::uint64_t seq = 1;; ++seq) {
    co_await sleep(bounds.heartbeat_period.value());
    const duration silent = current_time() - chan_->last_received();
    if (silent >= bounds.heartbeat_timeout.value()) {
      const auto seconds = std::chrono::duration_cast<std::chrono::milliseconds>(silent).count() / 1000.0;
      const std::string text =
          chan_->describe_peer() + " has been silent for " + std::to_string(seconds) + " s";
      TRACTOR_LOG(runtime, error, "{}: closing its connection", text);
      end_error_ = std::make_exception_ptr(actor_too_slow_error(text));
      chan_->close();
      co_return;
    }
    if (!connected()) co_return;
    if (silent >= bounds.heartbeat_period.value()) {
      msg::ping beat;
      beat.seq = seq;
      chan_->send(beat);
    }
  }
}

// A connection's ids are one random uuid counted on in its last digits: as unique, and a tenth of the work.
const std::string& link::next_cid() noexcept {
  for (std::size_t at = last_cid_.size(); last_cid_[--at] != '-';) {
    char& digit = last_cid_[at];
    digit = digit == '9' ? 'a' : digit == 'f' ? '0' : static_cast<char>(digit + 1);
    if (digit != '0') break;
  }
  return last_cid_;
}

// The caller that waits for an answer to `cid`; null, and a log line, when nobody does.
pending_call* link::find_call(std::string_view cid) {
  const auto at = pending_.find(cid);
  if (at != pending_.end() && !at->second->done.is_set()) return at->second;
  TRACTOR_LOG(runtime, runtime, "{} answers a call that nobody waits for", chan_->describe_peer());
  return nullptr;
}

void link::take_result(const msg::return_value& value) {
  pending_call* const call = find_call(value.cid);
  if (!call) return;
  try {
    if (call->decode) call->decode(call->slot, value.pld);
  } catch (const std::exception& error) {
    call->error = std::make_exception_ptr(msg_type_error("the result from " + chan_->describe_peer() +
                                                         " is not of the endpoint's type: " + error.what()));
  }
  call->done.set();
}

void link::take_error(const msg::error& message) {
  std::exception_ptr error = unbox_error(record_of(message));
  if (pending_call* const call = find_call(message.cid.value_or(""))) {
    call->error = std::move(error);
    call->done.set();
  } else if (is_fault_of_peer(error)) {
    // Its caller has waited for as long as it may: that the error existed must still be seen somewhere.
    TRACTOR_LOG(runtime, warning, "{} has failed, too late for its caller: {}", chan_->describe_peer(),
                describe(error));
  }
}

void link::dispatch_body(msg::byte_view body, std::uint32_t depth) {
  if (nemesis_waits) meet_nemesis();
  const bool logged = log::subsystem::msg.enabled(log::level::transport);
  if (const auto item = logged ? std::nullopt : msg::try_yield(body, depth))
    take_item(*item);
  else
    dispatch(msg::decode_message(body, depth));
}

void link::dispatch(const msg::message& message) {
  TRACTOR_LOG(msg, transport, "from {}: {}", peer_.name(), msg::to_text(message));
  if (const auto* call = std::get_if<msg::start>(&message)) {
    handle_start(*call);
  } else if (dispatch_to_dialog(message)) {
    // An item or the end of a stream, the start or the end of a context.
  } else if (const auto* value = std::get_if<msg::return_value>(&message)) {
    take_result(*value);
  } else if (const auto* error = std::get_if<msg::error>(&message)) {
    take_error(*error);
  } else if (const auto* ack = std::get_if<msg::cancel_ack>(&message)) {
    if (pending_call* const call = find_call(ack->cid)) {
      if (!ack->x_done.empty())
        TRACTOR_LOG(runtime, cancel, "{} says of what was to be cancelled: {}", chan_->describe_peer(),
                    ack->x_done);
      call->acked = ack->pld;
      call->done.set();
    }
  } else if (const auto* beat = std::get_if<msg::ping>(&message)) {
    msg::pong back;
    back.seq = beat->seq;
    answer(back);
  } else if (const auto* ack = std::get_if<msg::start_ack>(&message)) {
    if (log::subsystem::runtime.enabled(log::level::runtime) && pending_.find(ack->cid) == pending_.end())
      TRACTOR_LOG(runtime, runtime, "{} acknowledges a call that nobody waits for", chan_->describe_peer());
  } else if (!std::holds_alternative<msg::pong>(message)) {
    TRACTOR_LOG(runtime, runtime, "a {} from {} belongs to no dialog here", msg::message_name(message),
                chan_->describe_peer());
  }
}

void link::send_error(const std::string& cid, error_record record) {
  try {
    send_record(*chan_, record, cid);
  } catch (const transport_closed& closed) {
    // The caller is gone; that the error existed must still be seen somewhere.
    TRACTOR_LOG(runtime, warning, "an error could not be sent ({}): {}", closed.what(), record.summary());
  }
}

void link::handle_start(const msg::start& call) {
  if (call.uid.uuid != peer_.uuid()) {
    const std::string text = chan_->describe_peer() + " starts a call as '" + std::string(call.uid.name) +
                             "', whose identity it does not have";
    send_error(std::string(call.cid),
               box_error(std::make_exception_ptr(runtime_failure(text)), runtime_.id()));
    throw handshake_error(text + ": dropped");
  }
  retired = false;
  try {
    if (call.ns == "self")
      start_verb(call);
    else
      start_endpoint(call);
  } catch (const std::exception&) {
    send_error(std::string(call.cid), box_error(std::current_exception(), runtime_.id()));
  }
}

void link::start_endpoint(const msg::start& call) {
  const endpoint& what = runtime_.exposed(call.ns, call.func, call.x_sig);
  if (call.x_layout && *call.x_layout != what.layout_hash())
    throw msg_type_error("the caller of " + what.key() +
                         " was built with other definitions of its structs; those of actor '" +
                         runtime_.id().short_form() + "' are " + what.layout());
  auto served = std::make_shared<served_call>(*this, std::string(call.cid), &what);
  served->name = what.name;
  if (runtime_.is_ending()) {
    served->cancel(runtime_.cancel_requested() ? runtime_.canceller() : runtime_.id(), runtime_.cause());
    return send_error(served->cid, cancelled_record(*served));
  }
  if (!served_.try_emplace(served->cid, served).second)
    throw runtime_failure("a call with the id " + served->cid + " is running already");
  std::optional<task<>> begun;
  try {
    begun.emplace(what.begin(what, call, *served));
  } catch (...) {
    served_.erase(served->cid);
    throw;
  }
  task<> work = std::move(*begun);
  msg::start_ack ack;
  ack.cid = call.cid;
  ack.functype = what.kind;
  // An accepted call runs, even if its caller has just gone: the end of the connection cancels it in order.
  answer(ack);
  tasks_->start_soon(
      task_name(what.name),
      [this](std::shared_ptr<served_call> one, task<> go) {
        return run_served(std::move(one), std::move(go));
      },
      std::move(served), std::move(work));
}

task<> link::run_served(std::shared_ptr<served_call> served, task<> work) {
  std::exception_ptr error;
  std::exception_ptr cut;
  bool cancelled_here = false;
  if (nemesis_waits && served->what) pass_failure_point(failure_point::call);
  try {
    timed<> done = co_await served->scope.run(work);
    cancelled_here = done.cancelled_caught();
  } catch (...) {
    error = std::current_exception();
    if (is_cancelled(error)) cut = error;
  }
  // An error of the peer's end is what has cancelled a context: it goes back with this actor on its path.
  if (served->dialog && cancelled_here && served->canceller.empty()) {
    error = served->dialog->remote_error_;
    cancelled_here = !error;
  }
  if (cancelled_here || cut) {
    if (!served->replied) send_error(served->cid, cancelled_record(*served));
  } else if (error) {
    TRACTOR_LOG(runtime, runtime, "{} failed: {}", served->name, describe(error));
    send_error(served->cid, box_error(error, runtime_.id()));
  }
  served->dialog.reset();
  served_.erase(served->cid);
  served->ended.set();
  served_changed_.notify_all();
  if (cut) std::rethrow_exception(cut);
}

void link::send_start(msg::start& call, std::string_view cid) {
  if (end_error_) std::rethrow_exception(end_error_);
  // Broken, and what ended it is being found out: the caller waits for that like those before it.
  if (!connected()) return;
  call.cid = cid;
  const actor_id& self = runtime_.id();
  call.uid = {self.name(), self.uuid()};
  chan_->send(call);
}

namespace {
bool tells_of_a_fault(const error_record& record) {
  if (!record.group.empty()) return std::ranges::any_of(record.group, &tells_of_a_fault);
  return record.src_type_str != "ContextCancelled" && record.src_type_str != "TransportClosed";
}
}  // namespace

bool is_fault_of_peer(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const remote_actor_error& remote) {
    return tells_of_a_fault(remote.record());
  } catch (...) {
    return false;
  }
}

task<> link::call(msg::start& call, pending_call& pending) {
  next_cid().copy(pending.cid.data(), pending.cid.size());
  const std::string_view cid(pending.cid.data(), pending.cid.size());
  const bool is_cancel_verb = call.ns == "self" && (call.func == "cancel" || call.func == "_cancel_task");
  send_start(call, cid);
  pending_.try_emplace(cid, &pending);
  std::exception_ptr cut;
  try {
    co_await pending.done.wait();
  } catch (...) {
    cut = std::current_exception();
  }
  // Structured: the remote part of this call is over before the call is, within the bound.
  if (cut && !is_cancel_verb) {
    auto end_remote = [&]() -> task<> {
      co_await cancel_remote(std::string(cid), "", "its caller was cancelled");
    };
    co_await shielded(end_remote);
  }
  pending_.erase(cid);
  // A fault of the other side is one, whatever has cut the call off: as if it were raised here in a cleanup.
  if (cut && !is_fault_of_peer(pending.error)) std::rethrow_exception(cut);
  if (pending.error) std::rethrow_exception(pending.error);
}

}  // namespace tractor::detail
