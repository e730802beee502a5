// What a connection does for the calls and contexts that run over it.
#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "runtime/nemesis.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/msg/codec.hpp"
#include "tractor/runtime/msg_stream.hpp"

namespace tractor::detail {

// Our own peers tell functions apart by their signatures and take arguments by position; others know plain
// names.
void link::name_call(msg::start& call, const endpoint& what, msg::byte_view args, msg::buffer& kwargs) const {
  const endpoint& known = chan_->peer_can(ipc::capability::native) ? what : plain_form(what);
  call.ns = known.ns;
  call.func = known.name;
  if (&known == &what) {
    call.x_sig = what.signature;
    call.x_args = args;
    if (const std::uint64_t layout = what.layout_hash()) call.x_layout = layout;
    return;
  }
  msg::reader in(args);
  msg::writer to(kwargs);
  in.array_header();
  to.map_header(static_cast<std::uint32_t>(known.parameters.size()));
  for (const std::string& name : known.parameters) {
    to.str(name);
    to.raw(in.skip());
  }
  call.kwargs = kwargs.view();
}

// A test has planned to break this connection, or to end this process, at some message.
void link::meet_nemesis() {
  const connection_fault fault = pass_failure_point(failure_point::message);
  if (fault == connection_fault::half_close)
    tasks_->start_soon(task_name("half-close"), [this] { return chan_->shutdown(); });
  if (fault != connection_fault::cut) return;
  const std::string text = "the connection to " + chan_->describe_peer() + " was cut by a test";
  chan_->close();
  throw transport_closed(text, transport_closed::cause::fault);
}

void link::remove_dialog(context_base& end) noexcept {
  dialogs_.erase(end.cid());
  std::erase(short_of_room_, &end);
}

// The end of the context `cid` here; null, and a log line, when it is over or never was.
context_base* link::find_dialog(std::string_view cid, std::string_view what) {
  const auto at = dialogs_.find(cid);
  if (at != dialogs_.end()) return at->second;
  TRACTOR_LOG(runtime, runtime, "a {} from {} belongs to no dialog here", what, chan_->describe_peer());
  return nullptr;
}

void link::take_item(const msg::yield_item& item) {
  if (context_base* const end = find_dialog(item.cid, "Yield")) end->stream_.take_item(item.pld);
}

bool link::dispatch_to_dialog(const msg::message& message) {
  if (const auto* item = std::get_if<msg::yield_item>(&message)) {
    take_item(*item);
    return true;
  }
  if (const auto* more = std::get_if<msg::credit>(&message)) {
    // What crosses the end of a dialog on its way is no news.
    const auto at = dialogs_.find(more->cid);
    if (at != dialogs_.end()) at->second->stream_.take_credit(more->n);
    return true;
  }
  if (const auto* first = std::get_if<msg::started>(&message)) {
    if (context_base* const end = find_dialog(first->cid, "Started")) end->take_started(first->pld);
    return true;
  }
  if (const auto* last = std::get_if<msg::stop>(&message)) {
    if (context_base* const end = find_dialog(last->cid, "Stop")) end->take_stop();
    return true;
  }
  if (dialogs_.empty()) return false;
  if (const auto* ack = std::get_if<msg::start_ack>(&message)) {
    const auto at = dialogs_.find(ack->cid);
    if (at == dialogs_.end()) return false;
    at->second->take_ack(ack->functype);
    return true;
  }
  if (const auto* value = std::get_if<msg::return_value>(&message)) {
    const auto at = dialogs_.find(value->cid);
    if (at == dialogs_.end()) return false;
    at->second->take_result(value->pld);
    return true;
  }
  if (const auto* error = std::get_if<msg::error>(&message)) {
    const auto at = dialogs_.find(error->cid.value_or(""));
    if (at == dialogs_.end()) return false;
    at->second->take_error(record_of(*error));
    return true;
  }
  return false;
}

void link::wait_for_room(stream_base& stream) {
  context_base* const end = &stream.context();
  if (std::find(short_of_room_.begin(), short_of_room_.end(), end) == short_of_room_.end())
    short_of_room_.push_back(end);
  if (watching_room_ || !tasks_) return;
  tasks_->start_soon(task_name("room"), [this] { return watch_room(); });
  watching_room_ = true;
}

// Runs only while somebody waits: in the steady state sending costs no task.
task<> link::watch_room() {
  while (!short_of_room_.empty() && connected()) {
    co_await chan_->wait_queued_below(stream_base::resume_below);
    // Each goes on in turn, and comes back if the room is used up by then.
    std::vector<context_base*> ready;
    ready.swap(short_of_room_);
    for (std::size_t i = 0; i < ready.size(); ++i) ready[i]->stream_.pump();
  }
  watching_room_ = false;
}

}  // namespace tractor::detail
