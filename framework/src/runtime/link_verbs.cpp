// Calls of the runtime itself: the end of an actor, the end of one task, and what discovery answers.
#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail {

void link::run_verb(const msg::start& call, std::function<task<>(reply&)> work) {
  auto served = std::make_shared<served_call>(*this, std::string(call.cid));
  served->name = call.func;
  if (!served_.try_emplace(served->cid, served).second)
    throw runtime_failure("a call with the id " + served->cid + " is running already");
  msg::start_ack ack;
  ack.cid = call.cid;
  chan_->send(ack);
  auto serve = [this](std::shared_ptr<served_call> one, std::function<task<>(reply&)> go) -> task<> {
    co_await run_served(one, go(*one));
  };
  tasks_->start_soon(task_name(served->name), serve, std::move(served), std::move(work));
}

void link::start_verb(const msg::start& call) {
  msg::start_ack ack;
  ack.cid = call.cid;
  if (call.func == "cancel") {
    chan_->send(ack);
    runtime_.request_cancel(peer_, shared_from_this(), std::string(call.cid));
  } else if (call.func == "_cancel_task") {
    chan_->send(ack);
    start_cancel_task(call);
  } else if (!runtime_.serve_verb(*this, call)) {
    throw module_not_exposed("'self:" + std::string(call.func) + "' is no runtime call of actor '" +
                             runtime_.id().short_form() + "'");
  }
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
  actor_id on_behalf_of;
  if (call.x_origin)
    on_behalf_of = actor_id(std::string(call.x_origin->name), std::string(call.x_origin->uuid));
  tasks_->start_soon(
      task_name("cancel"),
      [this](std::string cid, std::string of, actor_id origin, std::string reason) {
        return cancel_task(std::move(cid), std::move(of), std::move(origin), std::move(reason));
      },
      std::string(call.cid), std::move(target), std::move(on_behalf_of), std::string(call.x_reason));
}

// A task of its own, so that one that is slow to end does not hold up the connection.
task<> link::cancel_task(std::string cid, std::string target, actor_id on_behalf_of, std::string reason) {
  if (const auto at = served_.find(target); at != served_.end()) {
    std::shared_ptr<served_call> served = at->second;
    served->cancel(peer_, reason, on_behalf_of);
    co_await served->ended.wait();
  }
  msg::cancel_ack ack;
  ack.cid = cid;
  if (chan_->connected()) chan_->send(ack);
}

}  // namespace tractor::detail
