#include "tractor/runtime/portal.hpp"

#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor {

const actor_id& portal::peer() const {
  if (!link_) throw runtime_failure("this portal is empty: it belongs to no actor");
  return link_->peer();
}

bool portal::connected() const noexcept { return link_ && link_->connected(); }

address portal::remote() const {
  peer();
  return link_->chan().remote();
}

task<msg::raw> portal::run_from_ns(std::string ns, std::string name, msg::buffer kwargs) const {
  return detail::call_by_name(link_, std::move(ns), std::move(name), std::move(kwargs));
}

task<bool> portal::cancel_actor(duration bound, std::string reason) const {
  if (!link_) throw runtime_failure("this portal is empty: it belongs to no actor");
  if (bound == duration::zero()) bound = link_->runtime().config().timeouts.cancel_ack.value();
  return link_->request_cancel(bound, std::move(reason));
}

task<> portal::cancel_actor_or_throw(duration bound) const {
  const bool acknowledged = co_await cancel_actor(bound);
  if (!acknowledged)
    throw actor_too_slow_error("'" + peer().short_form() + "' did not acknowledge its cancel in time");
}

namespace detail {

task<> call_endpoint(std::shared_ptr<link> via, const endpoint& what, msg::buffer args,
                     void (*decode)(void* slot, msg::byte_view value), void* slot) {
  if (!via) throw runtime_failure("this portal is empty: it belongs to no actor");
  pending_call pending;
  pending.decode = decode;
  pending.slot = slot;
  msg::start call;
  msg::buffer kwargs;
  via->name_call(call, what, args.view(), kwargs);
  co_await via->call(call, pending);
}

namespace {
void copy_raw(void* slot, msg::byte_view value) { *static_cast<msg::raw*>(slot) = msg::raw(value); }
}  // namespace

task<msg::raw> call_by_name(std::shared_ptr<link> via, std::string ns, std::string name, msg::buffer kwargs) {
  if (!via) throw runtime_failure("this portal is empty: it belongs to no actor");
  msg::raw value;
  pending_call pending;
  pending.decode = &copy_raw;
  pending.slot = &value;
  msg::start call;
  call.ns = ns;
  call.func = name;
  call.kwargs = kwargs.view();
  co_await via->call(call, pending);
  co_return value;
}

}  // namespace detail
}  // namespace tractor
