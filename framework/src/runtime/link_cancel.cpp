// How calls and whole actors are cancelled over a connection, on whose behalf, and why.
#include <algorithm>

#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail {
namespace {

// What a peer may ask us to keep in mind.
constexpr std::uint64_t longest_deadline_ms = 3'600'000;

// `cause` outlives `request`. The peer hands on no more than what is left of `bound`.
void tell_cause(msg::start& request, const cancel_cause& cause, duration bound) {
  request.x_reason = cause.reason;
  request.x_origin = msg::uid_view{cause.origin.name(), cause.origin.uuid()};
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(std::max(bound, duration::zero()));
  request.x_deadline_ms = static_cast<std::uint64_t>(whole.count());
}

}  // namespace

cancel_cause cause_in(const msg::start& call) {
  cancel_cause out;
  if (call.x_origin)
    out.origin = actor_id(std::string(call.x_origin->name), std::string(call.x_origin->uuid));
  out.reason = call.x_reason;
  if (call.x_deadline_ms)
    out.deadline =
        current_time() + std::chrono::milliseconds(std::min(*call.x_deadline_ms, longest_deadline_ms));
  return out;
}

void served_call::cancel(const actor_id& who, const cancel_cause& for_what) noexcept {
  if (canceller.empty()) {
    canceller = who;
    why = for_what;
  }
  why.join(for_what.deadline);
  scope.cancel();
}

// The scopes around `scope`, itself included, tell whose work a task does.
const served_call* link::cancelled_call_around(const cancel_scope* scope) const noexcept {
  for (; scope; scope = scope->parent())
    for (const auto& [cid, served] : served_)
      if (&served->scope == scope && !served->canceller.empty()) return served.get();
  return nullptr;
}

error_record link::cancelled_record(const served_call& served) const {
  error_record record = box_error(std::make_exception_ptr(runtime_failure("")), runtime_.id());
  record.src_type_str = record.boxed_type_str = "ContextCancelled";
  record.canceller = served.canceller.empty() ? runtime_.id() : served.canceller;
  record.originator = served.why.origin;
  record.reason = served.why.reason;
  record.message = served.name + " was cancelled by '" + record.canceller.short_form() + "'";
  if (record.canceller == runtime_.id()) record.message += " itself";
  if (!record.reason.empty()) record.message += ": " + record.reason;
  record.tb_str.clear();
  return record;
}

void link::cancel_served(const actor_id& who, const cancel_cause& why) noexcept {
  for (auto& [cid, served] : served_) served->cancel(who, why);
}

task<> link::wait_served() {
  while (!served_.empty()) co_await served_changed_.wait();
}

task<> link::cancel_remote(std::string cid, std::string reason, std::string otherwise,
                           std::optional<duration> own_bound) {
  if (!connected()) co_return;
  cancel_cause cause = runtime_.cause_of_cancel(std::move(otherwise));
  const duration bound = cause.bound(own_bound.value_or(runtime_.config().timeouts.cancel_ack.value()));
  if (!reason.empty()) cause.reason = std::move(reason);
  auto ask = [&]() -> task<> {
    pending_call ack;
    msg::buffer kwargs;
    msg::writer to(kwargs);
    to.map_header(1);
    to.str("cid");
    to.str(cid);
    msg::start request;
    request.ns = "self";
    request.func = "_cancel_task";
    request.kwargs = kwargs.view();
    tell_cause(request, cause, bound);
    co_await this->call(request, ack);
  };
  try {
    auto in_time = co_await move_on_after(bound, ask);
    if (!in_time)
      TRACTOR_LOG(runtime, warning, "{} did not acknowledge the cancel of a task in time",
                  chan_->describe_peer());
  } catch (const std::exception& error) {
    TRACTOR_LOG(runtime, runtime, "cancelling a remote task: {}", error.what());
  }
}

task<bool> link::request_cancel(duration own_bound, std::string reason) {
  if (!connected()) co_return false;
  pending_call ack;
  msg::start request;
  request.ns = "self";
  request.func = "cancel";
  cancel_cause cause = runtime_.cause_of_cancel("");
  const duration bound = cause.bound(own_bound);
  if (!reason.empty()) cause.reason = std::move(reason);
  // A peer of another make asks for no more than the two words.
  if (chan_->peer_can(ipc::capability::native)) tell_cause(request, cause, bound);
  auto ask = [&]() -> task<> { co_await call(request, ack); };
  bool acknowledged = false;
  try {
    auto in_time = co_await shielded(move_on_after(bound, ask));
    acknowledged = static_cast<bool>(in_time) && ack.acked;
    cancel_acknowledged_ = cancel_acknowledged_ || acknowledged;
  } catch (const std::exception& error) {
    TRACTOR_LOG(runtime, runtime, "the cancel of {} was not acknowledged: {}", chan_->describe_peer(),
                error.what());
  }
  co_return acknowledged;
}

void link::start_cancel_task(const msg::start& call) {
  std::string target;
  msg::reader in(call.kwargs);
  for (std::size_t left = in.map_header(); left > 0; --left) {
    const bool wanted = in.str() == "cid";
    if (wanted)
      target = in.str();
    else
      in.skip();
  }
  tasks_->start_soon(
      task_name("cancel"),
      [this](std::string cid, std::string of, cancel_cause why) {
        return cancel_task(std::move(cid), std::move(of), std::move(why));
      },
      std::string(call.cid), std::move(target), cause_in(call));
}

// A task of its own, so that one that is slow to end does not hold up the connection.
task<> link::cancel_task(std::string cid, std::string target, cancel_cause why) {
  const auto at = served_.find(target);
  if (at == served_.end()) {
    acknowledge(cid, "unknown");
    co_return;
  }
  std::shared_ptr<served_call> served = at->second;
  served->cancel(peer_, why);
  // The requester is gone by then.
  const duration bound = why.bound(std::chrono::milliseconds(longest_deadline_ms));
  auto in_time = co_await move_on_after(bound, served->ended.wait());
  if (in_time)
    acknowledge(cid, "ended");
  else
    TRACTOR_LOG(runtime, warning, "{} has not ended within the bound of who has cancelled it, {}",
                served->name, chan_->describe_peer());
}

void link::acknowledge(std::string_view cid, std::string_view done) {
  msg::cancel_ack ack;
  ack.cid = cid;
  if (chan_->peer_can(ipc::capability::native)) ack.x_done = done;
  answer(ack);
}

}  // namespace tractor::detail
