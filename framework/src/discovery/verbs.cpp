// The runtime calls of discovery that an actor answers: six of the reference's registrar, and our own.
#include <map>

#include "discovery/ask.hpp"
#include "discovery/registrar.hpp"

namespace tractor::detail {

namespace {

// The named arguments of a verb.
class verb_arguments {
 public:
  verb_arguments(actor_runtime& self, const msg::start& call) : self_(self), func_(call.func) {
    if (call.kwargs.empty()) return;
    msg::reader in(call.kwargs);
    for (std::size_t left = in.map_header(); left > 0; --left) {
      const std::string name(in.str());
      values_[name] = in.skip();
    }
  }
  bool has(const std::string& name) const { return values_.contains(name); }
  template <class T> T get(const std::string& name) const {
    T value{};
    msg::decode_all(bytes(name), value);
    return value;
  }
  template <class T> T get_or(const std::string& name, T otherwise) const {
    if (has(name)) msg::decode_all(bytes(name), otherwise);
    return otherwise;
  }
  actor_id uid() const {
    const auto who = get<msg::uid>("uid");
    return actor_id(who.name, who.uuid);
  }
  address addr() const {
    msg::reader in(bytes("addr"));
    return get_address(self_, in);
  }
  std::vector<address> addrs() const {
    if (has("addrs")) return get_addresses(self_, bytes("addrs"));
    return {addr()};
  }
  name_pattern pattern() const { return name_pattern(get<std::string>("name"), get_or("prefix", false)); }

 private:
  msg::byte_view bytes(const std::string& name) const {
    const auto at = values_.find(name);
    if (at == values_.end()) throw msg_type_error(func_ + " needs the argument '" + name + "'");
    return at->second;
  }
  actor_runtime& self_;
  std::string func_;
  std::map<std::string, msg::byte_view> values_;
};

std::vector<address> addresses_of(const std::vector<registry_table::entry>& entries) {
  std::vector<address> out;
  for (const auto& entry : entries) out.insert(out.end(), entry.where.begin(), entry.where.end());
  return out;
}

task<> answer_nil(reply& to) {
  to.result([](msg::writer& out) { out.nil(); });
  co_return;
}

task<> answer_boolean(bool value, reply& to) {
  to.result([&](msg::writer& out) { out.boolean(value); });
  co_return;
}

task<> answer_find(registry_table& table, std::string name, reply& to) {
  const std::vector<address> found = addresses_of(table.find(name_pattern(name, false)));
  to.result([&](msg::writer& out) {
    if (found.empty())
      out.nil();
    else
      put_addresses(out, found);
  });
  co_return;
}

task<> answer_wait(registry_table& table, std::string name, reply& to) {
  const name_pattern pattern(std::move(name), false);
  while (table.find(pattern).empty()) co_await table.changed().wait();
  const std::vector<address> found = addresses_of(table.find(pattern));
  to.result([&](msg::writer& out) { put_addresses(out, found); });
}

task<> answer_registry(registry_table& table, reply& to) {
  to.result([&](msg::writer& out) {
    out.map_header(static_cast<std::uint32_t>(table.size()));
    for (const auto& entry : table.all()) {
      out.str(entry.who.name() + "." + entry.who.uuid());
      put_addresses(out, entry.where);
    }
  });
  co_return;
}

task<> answer_delete(registry_table& table, address where, std::string uuid, reply& to) {
  const actor_id owner = table.remove_address(where, uuid);
  to.result([&](msg::writer& out) {
    if (owner.empty())
      out.nil();
    else
      msg::encode(out, msg::uid(owner.name(), owner.uuid()));
  });
  co_return;
}

task<> answer_entries(registry_table& table, name_pattern pattern, bool wait, reply& to) {
  std::vector<registry_table::entry> found = table.find(pattern);
  while (wait && found.empty()) {
    co_await table.changed().wait();
    found = table.find(pattern);
  }
  to.result([&](msg::writer& out) {
    out.array_header(static_cast<std::uint32_t>(found.size()));
    for (const auto& entry : found) put_actor(out, entry.who, entry.where);
  });
}

task<> answer_step(registry_table& table, std::string epoch, std::string known_epoch, std::uint64_t known,
                   name_pattern pattern, reply& to) {
  const table_step step =
      co_await next_step(table, std::move(epoch), std::move(known_epoch), known, std::move(pattern));
  to.result([&](msg::writer& out) {
    out.map_header(4);
    out.str("epoch");
    out.str(step.epoch);
    out.str("number");
    out.unsigned_integer(step.number);
    out.str("whole");
    out.boolean(step.whole);
    out.str("changes");
    out.array_header(static_cast<std::uint32_t>(step.changes.size()));
    for (const registry_change& change : step.changes) {
      out.array_header(2);
      out.boolean(change.what == registry_change::kind::appeared);
      put_actor(out, change.who.id, change.who.addresses);
    }
  });
}

bool is_registrars(std::string_view func) {
  for (const std::string_view known : {"register_actor", "unregister_actor", "find_actor", "wait_for_actor",
                                       "get_registry", "delete_addr", "find_entries", "watch_entries"})
    if (func == known) return true;
  return false;
}

}  // namespace

// What keeps the entry: the connection, if it is the actor's own and stays open; else a lease.
void registrar_hooks::take_registration(actor_runtime& self, link& from, const msg::start& call) {
  const verb_arguments args(self, call);
  actor_id who = args.uid();
  if (who == from.peer()) who = from.peer();  // which knows the pid besides
  tenure kept;
  const bool asked_for = args.has("lease_ms");
  if (from.chan().peer_can(ipc::capability::native) && !asked_for) {
    kept.connection = &from;
  } else {
    kept.lease = lease_;
    kept.asked_for = asked_for;
    if (asked_for) kept.lease = std::chrono::milliseconds(args.get<std::uint32_t>("lease_ms"));
    kept.expires = end_of_lease(kept.lease, current_time());
  }
  table_.add(who, args.addrs(), kept);
}

bool registrar_hooks::serve_verb(actor_runtime& self, link& from, const msg::start& call) {
  const std::string_view func = call.func;
  if (func == "release_link") {
    const bool agreed = pool(self).let_go(from);
    from.run_verb(call, [agreed](reply& to) { return answer_boolean(agreed, to); });
    return true;
  }
  if (!is_registrars(func)) return false;
  if (!self.is_registrar())
    throw runtime_failure("actor '" + self.id().short_form() + "' is no registrar: it does not answer " +
                          std::string(func));
  const verb_arguments args(self, call);
  if (func == "register_actor") {
    take_registration(self, from, call);
    from.run_verb(call, [](reply& to) { return answer_nil(to); });
  } else if (func == "unregister_actor") {
    table_.remove(args.uid().uuid());
    from.run_verb(call, [](reply& to) { return answer_nil(to); });
  } else if (func == "find_actor") {
    from.run_verb(call, [this, name = args.get<std::string>("name")](reply& to) {
      return answer_find(table_, name, to);
    });
  } else if (func == "wait_for_actor") {
    from.run_verb(call, [this, name = args.get<std::string>("name")](reply& to) {
      return answer_wait(table_, name, to);
    });
  } else if (func == "get_registry") {
    from.run_verb(call, [this](reply& to) { return answer_registry(table_, to); });
  } else if (func == "delete_addr") {
    from.run_verb(call, [this, where = args.addr(), uuid = args.has("uid") ? args.uid().uuid() : ""](
                            reply& to) { return answer_delete(table_, where, uuid, to); });
  } else if (func == "find_entries") {
    from.run_verb(call, [this, pattern = args.pattern(), wait = args.get_or("wait", false)](reply& to) {
      return answer_entries(table_, pattern, wait, to);
    });
  } else {
    from.run_verb(call, [this, &self, pattern = args.pattern(), epoch = args.get<std::string>("epoch"),
                         after = args.get<std::uint64_t>("after")](reply& to) {
      return answer_step(table_, self.id().uuid(), epoch, after, pattern, to);
    });
  }
  return true;
}

}  // namespace tractor::detail
