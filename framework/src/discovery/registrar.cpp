#include "discovery/registrar.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>

#include "discovery/ask.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/discovery/errors.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {

// At load time, since the runtime below this area must not know it by name.
const bool installed = (
    make_discovery = []() -> std::unique_ptr<discovery_hooks> { return std::make_unique<registrar_hooks>(); },
    register_errors<name_taken_error, registrar_unreachable, actor_not_found>(), true);

msg::buffer registration_of(actor_runtime& self, const std::vector<address>& where, bool all_at_once) {
  msg::buffer kwargs;
  msg::writer to(kwargs);
  to.map_header(all_at_once ? 3 : 2);
  to.str("uid");
  msg::encode(to, msg::uid(self.id().name(), self.id().uuid()));
  to.str("addr");
  put_address(to, where.front());
  if (all_at_once) {
    to.str("addrs");
    put_addresses(to, where);
  }
  return kwargs;
}

}  // namespace

registrar_hooks& hooks_of(actor_runtime& self) { return static_cast<registrar_hooks&>(self.discovery()); }

link_pool& registrar_hooks::pool(actor_runtime& self) {
  if (!pool_) pool_ = std::make_shared<link_pool>(self);
  return *pool_;
}

task<std::shared_ptr<link>> registrar_hooks::registrar_at(actor_runtime& self, address where) {
  if (self.is_registrar()) {
    const std::vector<address> own = self.addresses();
    if (std::find(own.begin(), own.end(), where) != own.end()) co_return nullptr;
  }
  co_return co_await pool(self).acquire(std::move(where));
}

void registrar_hooks::link_gone(actor_runtime&, const link& ended) {
  table_.end_connection(&ended, current_time());
  changed_.notify_all();
}

task<> registrar_hooks::register_once(actor_runtime& self, registration& at) {
  const std::vector<address> where = self.advertised();
  at.via = co_await registrar_at(self, at.where);
  if (where.empty()) co_return;
  if (!at.via) {
    table_.add(self.id(), where, tenure());
  } else if (at.via->chan().peer_can(ipc::capability::registry)) {
    co_await call_verb(at.via, "register_actor", registration_of(self, where, true));
  } else {
    for (const address& one : where) {
      const std::vector<address> alone(1, one);
      co_await call_verb(at.via, "register_actor", registration_of(self, alone, false));
    }
  }
}

// For the actor's life: registers, sees the registrar go, and registers again when one is back.
task<> registrar_hooks::keep_registered(actor_runtime& self, std::shared_ptr<registration> at) {
  backoff pause(50ms, 2s);
  bool complained = false;
  for (;;) {
    std::string why;
    try {
      co_await register_once(self, *at);
      at->registered = true;
    } catch (const remote_actor_error& error) {
      why = error.message();
      if (error.boxed_type_is<name_taken_error>()) at->refused = error.unwrap();
    } catch (const name_taken_error& error) {
      why = error.what();
      at->refused = std::current_exception();
    } catch (const boost::system::system_error& error) {
      why = error.code().message();
    } catch (const std::exception& error) {
      why = error.what();
    }
    if (at->registered) {
      at->refused = nullptr;
      pause.reset();
      complained = false;
      changed_.notify_all();
      // Our own table lasts as long as we do.
      while (!at->via || at->via->connected()) co_await changed_.wait();
      at->registered = false;
      why = "the connection to it has ended";
    }
    at->via.reset();
    changed_.notify_all();
    // The tree works without: it only cannot be found by name.
    if (!complained)
      TRACTOR_LOG(discovery, warning, "'{}' is not registered at {} ({}): trying again",
                  self.id().short_form(), at->where.text(), why);
    complained = true;
    co_await sleep(pause.next());
  }
}

void registrar_hooks::enter(actor_runtime& self) {
  const std::vector<address> where = self.advertised();
  if (self.is_registrar() && !where.empty()) table_.add(self.id(), where, tenure());
}

task<> registrar_hooks::join(actor_runtime& self) {
  for (const address& where : self.registry_addrs())
    registrations_.push_back(std::make_shared<registration>(where));
  changed_.notify_all();
  auto keep_all = [&](task_nursery& tasks) -> task<> {
    for (const auto& at : registrations_)
      tasks.start_soon(
          task_name("registered at " + at->where.text()),
          [this, &self](std::shared_ptr<registration> one) { return keep_registered(self, one); }, at);
    if (self.is_registrar())
      tasks.start_soon(task_name("leases"), [this, &self] { return watch_leases(self); });
    co_return;
  };
  co_await joined_.run(open_task_nursery(keep_all));
}

task<> registrar_hooks::wait_registered() {
  for (;;) {
    for (const auto& at : registrations_) {
      if (at->refused) std::rethrow_exception(at->refused);
      if (at->registered) co_return;
    }
    co_await changed_.wait();
  }
}

task<> registrar_hooks::leave_one(actor_runtime& self, std::shared_ptr<registration> at) {
  std::shared_ptr<link> via = at->via;
  msg::buffer kwargs;
  msg::writer to(kwargs);
  to.map_header(1);
  to.str("uid");
  msg::encode(to, msg::uid(self.id().name(), self.id().uuid()));
  try {
    if (via->chan().peer_can(ipc::capability::native)) {
      // Said in order before whatever else we say to it; its answer is of no use to us.
      const std::string cid = make_uuid();
      msg::start call;
      call.cid = cid;
      call.ns = "self";
      call.func = "unregister_actor";
      call.kwargs = kwargs.view();
      call.uid = {self.id().name(), self.id().uuid()};
      via->chan().send(call);
    } else {
      co_await call_verb(via, "unregister_actor", std::move(kwargs));
    }
  } catch (const std::exception& error) {
    TRACTOR_LOG(discovery, runtime, "leaving the registrar at {}: {}", at->where.text(), error.what());
  }
}

task<> registrar_hooks::leave(actor_runtime& self) {
  pool(self).stop();
  joined_.cancel();
  auto leave_all = [&](task_nursery& tasks) -> task<> {
    for (const auto& at : registrations_)
      // Also where the answer is still on its way: the entry stands there all the same.
      if (at->via && at->via->connected())
        tasks.start_soon(
            task_name("leave " + at->where.text()),
            [this, &self](std::shared_ptr<registration> one) { return leave_one(self, one); }, at);
    co_return;
  };
  // Who asked for the end waits for this.
  const duration bound = self.cause().bound(self.config().timeouts.unregister.value());
  co_await move_on_after(bound, open_task_nursery(leave_all));
}

// Removes what nobody keeps any more. A peer of the reference registers and hangs up; whether it is still
// there is found out by connecting to it.
task<> registrar_hooks::watch_leases(actor_runtime& self) {
  for (;;) {
    const time_point next = table_.next_expiry();
    auto changed = [&]() -> task<> { co_await table_.changed().wait(); };
    if (next > current_time()) {
      co_await move_on_at(next, changed);
      continue;
    }
    const std::vector<registry_table::entry> expired = table_.expire(current_time());
    for (const auto& entry : expired) {
      bool alive = false;
      for (const address& where : entry.where) {
        const probe_answer found = co_await probe(self, where);
        alive = alive || found.what != probe_answer::kind::absent;
      }
      if (!alive)
        TRACTOR_LOG(discovery, runtime, "'{}' does not answer: off the registry", entry.who.short_form());
      table_.settle(entry.who.uuid(), alive, current_time());
    }
  }
}

}  // namespace tractor::detail
