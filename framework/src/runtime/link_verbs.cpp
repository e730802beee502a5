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
  answer(ack);
  auto serve = [this](std::shared_ptr<served_call> one, std::function<task<>(reply&)> go) -> task<> {
    co_await run_served(one, go(*one));
  };
  tasks_->start_soon(task_name(served->name), serve, std::move(served), std::move(work));
}

void link::start_verb(const msg::start& call) {
  msg::start_ack ack;
  ack.cid = call.cid;
  if (call.func == "cancel") {
    answer(ack);
    runtime_.request_cancel(peer_, cause_in(call), shared_from_this(), std::string(call.cid));
  } else if (call.func == "_cancel_task") {
    answer(ack);
    start_cancel_task(call);
  } else if (!runtime_.serve_verb(*this, call)) {
    throw module_not_exposed("'self:" + std::string(call.func) + "' is no runtime call of actor '" +
                             runtime_.id().short_form() + "'");
  }
}

}  // namespace tractor::detail
