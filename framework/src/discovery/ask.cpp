#include "discovery/ask.hpp"

#include <boost/system/system_error.hpp>

#include "discovery/registrar.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/discovery/errors.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

namespace {

// A call whose caller may leave before it has ended.
class asked {
 public:
  msg::buffer value;
  std::exception_ptr error;
  event done;
  cancel_scope scope;
};

task<> run_asked(std::shared_ptr<asked> state, std::shared_ptr<link> via, std::string func,
                 msg::buffer kwargs) {
  pending_call pending;
  pending.decode = [](void* slot, msg::byte_view bytes) { static_cast<msg::buffer*>(slot)->append(bytes); };
  pending.slot = &state->value;
  auto work = [&]() -> task<> {
    msg::start call;
    call.ns = "self";
    call.func = func;
    call.kwargs = kwargs.view();
    co_await via->call(call, pending);
  };
  std::exception_ptr cut;
  try {
    co_await state->scope.run(work);
  } catch (const std::exception&) {
    state->error = std::current_exception();
  } catch (...) {
    cut = std::current_exception();
  }
  state->done.set();
  if (cut) std::rethrow_exception(cut);
}

msg::buffer named(std::string_view key, std::string_view value) {
  msg::buffer kwargs;
  msg::writer to(kwargs);
  to.map_header(1);
  to.str(key);
  to.str(value);
  return kwargs;
}

void put_pattern(msg::writer& to, const name_pattern& pattern) {
  to.str("name");
  to.str(pattern.text);
  to.str("prefix");
  to.boolean(pattern.prefix);
}

// An error of the connection is one of the registrar; what the registrar answered is its answer.
[[noreturn]] void fail_reach(const address& registrar) {
  std::string why;
  try {
    throw;
  } catch (const boost::system::system_error& error) {
    why = error.code().message();
  } catch (const transport_closed& error) {
    why = error.what();
  } catch (const handshake_error& error) {
    why = error.what();
  } catch (const actor_too_slow_error& error) {
    why = error.what();
  } catch (const remote_actor_error& error) {
    why = "it answers: " + error.message();
  }
  throw registrar_unreachable("the registrar at " + registrar.text() + " cannot be reached: " + why);
}

// The reference's `find_actor` and `wait_for_actor` tell addresses without saying whose they are.
task<std::vector<found_actor>> ask_reference(actor_runtime& self, std::shared_ptr<link> via,
                                             address registrar, std::string name, bool wait) {
  const msg::buffer value =
      co_await call_verb(std::move(via), wait ? "wait_for_actor" : "find_actor", named("name", name));
  std::vector<found_actor> out;
  for (const address& at : get_addresses(self, value.view())) {
    found_actor one;
    one.where.push_back(at);
    one.registrar = registrar;
    out.push_back(std::move(one));
  }
  co_return out;
}

// The keys are `name.uuid`; a name may hold dots, a uuid does not.
std::vector<registered_actor> table_of_reference(actor_runtime& self, msg::byte_view value) {
  std::vector<registered_actor> out;
  msg::reader in(value);
  if (in.try_nil()) return out;
  for (std::size_t left = in.map_header(); left > 0; --left) {
    const std::string key(in.str());
    const std::size_t dot = key.rfind('.');
    const bool whole = dot != key.npos;
    out.emplace_back(actor_id(key.substr(0, dot), whole ? key.substr(dot + 1) : std::string()),
                     get_addresses(self, in.skip()));
  }
  return out;
}

std::vector<found_actor> found_in(const registry_table& table, const name_pattern& pattern,
                                  const address& registrar) {
  std::vector<found_actor> out;
  for (const auto& entry : table.find(pattern)) {
    found_actor one;
    one.who = entry.who;
    one.where = entry.where;
    one.registrar = registrar;
    out.push_back(std::move(one));
  }
  return out;
}

task<std::vector<found_actor>> ask_over(actor_runtime& self, std::shared_ptr<link> via, address registrar,
                                        name_pattern pattern, bool wait) {
  std::vector<found_actor> out;
  std::vector<registered_actor> all;
  if (via->chan().peer_can(ipc::capability::registry)) {
    msg::buffer kwargs;
    msg::writer to(kwargs);
    to.map_header(3);
    put_pattern(to, pattern);
    to.str("wait");
    to.boolean(wait);
    const msg::buffer value = co_await call_verb(via, "find_entries", std::move(kwargs));
    msg::reader in(value.view());
    for (std::size_t left = in.array_header(); left > 0; --left) all.push_back(get_actor(self, in.skip()));
  } else if (!pattern.prefix) {
    out = co_await ask_reference(self, via, registrar, pattern.text, wait);
    co_return out;
  } else {
    using namespace std::chrono_literals;
    for (;;) {
      const msg::buffer value = co_await call_verb(via, "get_registry", msg::buffer());
      all = table_of_reference(self, value.view());
      std::erase_if(all, [&](const registered_actor& each) { return !pattern.matches(each.id); });
      if (!wait || !all.empty()) break;
      co_await sleep(500ms);
    }
  }
  for (registered_actor& each : all) {
    found_actor one;
    one.who = std::move(each.id);
    one.where = std::move(each.addresses);
    one.registrar = registrar;
    out.push_back(std::move(one));
  }
  co_return out;
}

}  // namespace

task<msg::buffer> call_verb(std::shared_ptr<link> via, std::string func, msg::buffer kwargs) {
  actor_runtime& self = via->runtime();
  auto state = std::make_shared<asked>();
  self.services().start_soon(task_name(func), &run_asked, state, std::move(via), func, std::move(kwargs));
  std::exception_ptr cut;
  try {
    co_await state->done.wait();
  } catch (...) {
    cut = std::current_exception();
  }
  if (cut) {
    state->scope.cancel();
    std::rethrow_exception(cut);
  }
  if (state->error) std::rethrow_exception(state->error);
  co_return std::move(state->value);
}

task<std::shared_ptr<link>> reach_registrar(actor_runtime& self, address registrar) {
  std::shared_ptr<link> via;
  try {
    via = co_await hooks_of(self).registrar_at(self, registrar);
  } catch (const std::exception&) {
    fail_reach(registrar);
  }
  if (via && !via->chan().peer_is_registrar())
    throw registrar_unreachable("at " + registrar.text() + " listens '" + via->peer().short_form() +
                                "', who is no registrar");
  co_return via;
}

task<std::vector<found_actor>> ask_registrar(actor_runtime& self, address registrar, name_pattern pattern,
                                             bool wait) {
  registrar_hooks& hooks = hooks_of(self);
  std::vector<found_actor> out;
  try {
    std::shared_ptr<link> via = co_await hooks.registrar_at(self, registrar);
    if (via) {
      out = co_await ask_over(self, std::move(via), registrar, std::move(pattern), wait);
      co_return out;
    }
  } catch (const std::exception&) {
    fail_reach(registrar);
  }
  registry_table& table = hooks.table();
  for (;;) {
    out = found_in(table, pattern, registrar);
    if (!wait || !out.empty()) break;
    co_await table.changed().wait();
  }
  co_return out;
}

task<std::vector<registered_actor>> read_table(actor_runtime& self, address registrar) {
  registrar_hooks& hooks = hooks_of(self);
  std::vector<registered_actor> out;
  try {
    std::shared_ptr<link> via = co_await hooks.registrar_at(self, registrar);
    if (via) {
      const msg::buffer value = co_await call_verb(std::move(via), "get_registry", msg::buffer());
      out = table_of_reference(self, value.view());
      co_return out;
    }
  } catch (const std::exception&) {
    fail_reach(registrar);
  }
  for (const auto& entry : hooks.table().all()) out.emplace_back(entry.who, entry.where);
  co_return out;
}

task<> delete_stale(actor_runtime& self, address registrar, actor_id who, address stale) {
  registrar_hooks& hooks = hooks_of(self);
  try {
    std::shared_ptr<link> via = co_await hooks.registrar_at(self, registrar);
    if (via) {
      msg::buffer kwargs;
      msg::writer to(kwargs);
      // Whoever has the address by now keeps it, where the registrar knows whose it is to be.
      const bool whose = !who.empty() && via->chan().peer_can(ipc::capability::registry);
      to.map_header(whose ? 2 : 1);
      to.str("addr");
      put_address(to, stale);
      if (whose) {
        to.str("uid");
        msg::encode(to, msg::uid(who.name(), who.uuid()));
      }
      co_await call_verb(std::move(via), "delete_addr", std::move(kwargs));
    } else {
      hooks.table().remove_address(stale, who.uuid());
    }
  } catch (const std::exception& error) {
    TRACTOR_LOG(discovery, runtime, "a stale address stays where it is: {}", error.what());
  }
}

task<table_step> next_step(registry_table& table, std::string epoch, std::string known_epoch,
                           std::uint64_t known, name_pattern pattern) {
  table_step step;
  step.epoch = epoch;
  for (;;) {
    auto changes = table.changes_after(known, pattern);
    step.whole = epoch != known_epoch || !changes;
    step.number = table.last_change();
    if (step.whole) break;
    for (auto& each : *changes) step.changes.emplace_back(each.what, std::move(each.who));
    if (!step.changes.empty()) break;
    known = step.number;
    co_await table.changed().wait();
  }
  if (step.whole)
    for (const auto& entry : table.find(pattern))
      step.changes.emplace_back(registry_change::kind::appeared, registered_actor(entry.who, entry.where));
  co_return step;
}

namespace {

void put_step_question(msg::writer& to, const std::string& epoch, std::uint64_t number,
                       const name_pattern& pattern) {
  to.map_header(4);
  put_pattern(to, pattern);
  to.str("epoch");
  to.str(epoch);
  to.str("after");
  to.integer(number);
}

table_step get_step(actor_runtime& self, msg::byte_view value) {
  table_step step;
  msg::reader in(value);
  for (std::size_t left = in.map_header(); left > 0; --left) {
    const std::string_view key = in.str();
    const msg::byte_view bytes = in.skip();
    if (key == "epoch") msg::decode_all(bytes, step.epoch);
    if (key == "number") msg::decode_all(bytes, step.number);
    if (key == "whole") msg::decode_all(bytes, step.whole);
    if (key != "changes") continue;
    msg::reader list(bytes);
    for (std::size_t count = list.array_header(); count > 0; --count) {
      if (list.array_header() != 2) throw msg_type_error("a change of the registry must be a pair");
      const bool appeared = list.boolean();
      step.changes.emplace_back(appeared ? registry_change::kind::appeared : registry_change::kind::gone,
                                get_actor(self, list.skip()));
    }
  }
  return step;
}

}  // namespace

task<table_step> ask_next_step(actor_runtime& self, address registrar, std::string known_epoch,
                               std::uint64_t known, name_pattern pattern) {
  using namespace std::chrono_literals;
  registrar_hooks& hooks = hooks_of(self);
  table_step step;
  try {
    std::shared_ptr<link> via = co_await hooks.registrar_at(self, registrar);
    if (via && via->chan().peer_can(ipc::capability::registry)) {
      msg::buffer kwargs;
      msg::writer to(kwargs);
      put_step_question(to, known_epoch, known, pattern);
      const msg::buffer value = co_await call_verb(std::move(via), "watch_entries", std::move(kwargs));
      step = get_step(self, value.view());
      co_return step;
    }
    if (via) {
      if (!known_epoch.empty()) co_await sleep(500ms);
      step.epoch = via->peer().uuid();
      step.number = known + 1;
      step.whole = true;
      const msg::buffer value = co_await call_verb(std::move(via), "get_registry", msg::buffer());
      for (registered_actor& each : table_of_reference(self, value.view()))
        if (pattern.matches(each.id))
          step.changes.emplace_back(registry_change::kind::appeared, std::move(each));
      co_return step;
    }
  } catch (const std::exception&) {
    fail_reach(registrar);
  }
  step =
      co_await next_step(hooks.table(), self.id().uuid(), std::move(known_epoch), known, std::move(pattern));
  co_return step;
}

}  // namespace tractor::detail
