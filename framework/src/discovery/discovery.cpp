#include "tractor/discovery/discovery.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <tuple>

#include "discovery/ask.hpp"
#include "discovery/registrar.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor {

namespace {

using namespace std::chrono_literals;
using detail::actor_runtime;
using detail::found_actor;
using detail::link;
using detail::name_pattern;

std::vector<address> registrars_of(actor_runtime& self, const find_options& options) {
  std::vector<address> out;
  for (const std::string& text : options.registry_addrs())
    out.push_back(detail::parse_address(self.transports(), text));
  if (out.empty()) out = self.registry_addrs();
  if (out.empty()) throw registrar_unreachable("no registrar is known here: set registry_addrs");
  return out;
}

// Asks all at the same time. `ask(registrar)` yields whether its answer will do: then the others are not
// waited for.
template <class Ask> task<> ask_each(std::vector<address> registrars, Ask& ask) {
  std::string unreachable;
  std::size_t answered = 0;
  auto all = [&](task_nursery& tasks) -> task<> {
    for (const address& at : registrars)
      tasks.start_soon(task_name("ask " + at.text()), [&, where = at]() -> task<> {
        try {
          const bool enough = co_await ask(where);
          ++answered;
          if (enough) tasks.scope().cancel();
        } catch (const registrar_unreachable& error) {
          unreachable += (unreachable.empty() ? "" : "; ") + std::string(error.what());
        }
      });
    co_return;
  };
  co_await open_task_nursery(all);
  if (answered == 0) throw registrar_unreachable(unreachable);
  if (!unreachable.empty()) TRACTOR_LOG(discovery, runtime, "{}", unreachable);
}

/// One way to an actor that was found.
class candidate {
 public:
  candidate(found_actor found, std::size_t order) : found(std::move(found)), order(order) {}
  found_actor found;
  std::size_t order;  // later ones were registered later
  locality distance = locality::network;
  bool connected = false;
};

bool nearer(const address& a, const address& b) {
  auto& plugins = plugin::registry::instance();
  return plugins.transport(a.transport()).distance(a) < plugins.transport(b.transport()).distance(b);
}

// Usable addresses only, the nearest first; an address that was given later before an equally near one.
void prepare_addresses(std::vector<address>& where, const find_options& options) {
  const auto& wanted = options.transports();
  if (!wanted.empty())
    std::erase_if(where, [&](const address& at) {
      return std::find(wanted.begin(), wanted.end(), at.transport()) == wanted.end();
    });
  std::reverse(where.begin(), where.end());
  std::stable_sort(where.begin(), where.end(), nearer);
}

std::vector<candidate> in_order(actor_runtime& self, std::vector<found_actor> found,
                                const find_options& options) {
  std::vector<candidate> out;
  for (found_actor& each : found) {
    prepare_addresses(each.where, options);
    if (each.where.empty()) continue;
    candidate made(std::move(each), out.size());
    const address& nearest = made.found.where.front();
    made.distance = plugin::registry::instance().transport(nearest.transport()).distance(nearest);
    made.connected = self.find_link(made.found.who.uuid()) != nullptr;
    out.push_back(std::move(made));
  }
  std::stable_sort(out.begin(), out.end(), [](const candidate& a, const candidate& b) {
    return std::tuple(!a.connected, a.distance, b.order) < std::tuple(!b.connected, b.distance, a.order);
  });
  return out;
}

bool is_self(actor_runtime& self, const found_actor& found) {
  if (!found.who.empty()) return found.who == self.id();
  const std::vector<address> listens = self.addresses(), says = self.advertised();
  return std::any_of(found.where.begin(), found.where.end(), [&](const address& at) {
    return std::find(listens.begin(), listens.end(), at) != listens.end() ||
           std::find(says.begin(), says.end(), at) != says.end();
  });
}

bool nobody_listens(const boost::system::error_code& code) {
  return code == boost::system::errc::connection_refused ||
         code == boost::system::errc::no_such_file_or_directory;
}

// An address of an entry may be given to somebody else by now.
bool is_wanted(const found_actor& found, const name_pattern& pattern, const actor_id& there) {
  return found.who.empty() ? pattern.matches(there) : there == found.who;
}

task<std::shared_ptr<link>> reach(actor_runtime& self, found_actor found, name_pattern pattern) {
  detail::link_pool& pool = detail::hooks_of(self).pool(self);
  if (auto known = pool.find(found.who.uuid())) co_return known;
  for (const address& where : found.where) {
    bool stale = false;
    std::string why;
    try {
      std::shared_ptr<link> via = co_await pool.acquire(where, found.who.uuid());
      if (is_wanted(found, pattern, via->peer())) co_return via;
      why = "'" + via->peer().short_form() + "' listens there now";
      stale = true;
    } catch (const boost::system::system_error& error) {
      why = error.code().message();
      stale = nobody_listens(error.code());
    } catch (const std::exception& error) {
      why = error.what();
    }
    TRACTOR_LOG(discovery, runtime, "{} is not reached: {}", where.text(), why);
    if (stale) co_await detail::delete_stale(self, found.registrar, found.who, where);
  }
  co_return nullptr;
}

// Reaches the first that answers; says whether this actor itself was among those found.
task<std::shared_ptr<link>> reach_first(actor_runtime& self, std::vector<candidate> all, name_pattern pattern,
                                        bool& saw_self) {
  for (candidate& each : all) {
    if (is_self(self, each.found)) {
      saw_self = true;
      continue;
    }
    std::shared_ptr<link> via = co_await reach(self, std::move(each.found), pattern);
    if (via) co_return via;
  }
  co_return nullptr;
}

[[noreturn]] void fail_self(actor_runtime& self) {
  throw runtime_failure("the actor found is this one, '" + self.id().short_form() +
                        "': call its functions directly");
}

void check_found(bool found, const std::string& name, const find_options& options) {
  if (!found && options.raise_on_none()) throw actor_not_found("no actor '" + name + "' is registered");
}

}  // namespace

task<std::optional<portal>> find_actor(std::string name, const find_options options) {
  actor_runtime& self = actor_runtime::current();
  const name_pattern pattern(name, options.prefix());
  std::shared_ptr<link> first;
  bool saw_self = false;
  auto ask = [&](address registrar) -> task<bool> {
    std::vector<found_actor> found = co_await detail::ask_registrar(self, registrar, pattern, false);
    std::shared_ptr<link> via =
        co_await reach_first(self, in_order(self, std::move(found), options), pattern, saw_self);
    if (via && !first) first = std::move(via);
    co_return first != nullptr;
  };
  co_await ask_each(registrars_of(self, options), ask);
  if (!first && saw_self) fail_self(self);
  check_found(first != nullptr, name, options);
  if (!first) co_return std::nullopt;
  co_return portal(std::move(first));
}

task<std::vector<portal>> find_actors(std::string name, const find_options options) {
  actor_runtime& self = actor_runtime::current();
  const name_pattern pattern(name, options.prefix());
  std::vector<portal> out;
  auto add = [&](std::shared_ptr<link> via) {
    auto same = [&](const portal& known) { return known.peer() == via->peer(); };
    if (via && std::none_of(out.begin(), out.end(), same)) out.emplace_back(std::move(via));
  };
  auto ask = [&](address registrar) -> task<bool> {
    std::vector<found_actor> found = co_await detail::ask_registrar(self, registrar, pattern, false);
    std::vector<candidate> all = in_order(self, std::move(found), options);
    std::erase_if(all, [&](const candidate& each) { return is_self(self, each.found); });
    // Side by side, since one that hangs must not hold up the others; the order is kept.
    std::vector<std::shared_ptr<link>> reached(all.size());
    auto reach_all = [&](task_nursery& tasks) -> task<> {
      for (std::size_t i = 0; i < all.size(); ++i)
        tasks.start_soon(task_name("reach " + name), [&, i]() -> task<> {
          reached[i] = co_await reach(self, std::move(all[i].found), pattern);
        });
      co_return;
    };
    co_await open_task_nursery(reach_all);
    for (auto& via : reached) add(std::move(via));
    co_return options.only_first() && !out.empty();
  };
  co_await ask_each(registrars_of(self, options), ask);
  check_found(!out.empty(), name, options);
  co_return out;
}

task<portal> wait_for_actor(std::string name, const find_options options) {
  actor_runtime& self = actor_runtime::current();
  const name_pattern pattern(name, options.prefix());
  std::shared_ptr<link> first;
  auto ask = [&](address registrar) -> task<bool> {
    detail::backoff pause(20ms, 1s);
    for (;;) {
      std::vector<found_actor> found = co_await detail::ask_registrar(self, registrar, pattern, true);
      bool saw_self = false;
      std::shared_ptr<link> via =
          co_await reach_first(self, in_order(self, std::move(found), options), pattern, saw_self);
      if (via && !first) first = std::move(via);
      if (first) co_return true;
      if (saw_self) fail_self(self);
      // It is registered and does not answer: just ended, or not there yet for us.
      co_await sleep(pause.next());
    }
  };
  co_await ask_each(registrars_of(self, options), ask);
  co_return portal(std::move(first));
}

task<std::vector<address>> query_actor(std::string name, const find_options options) {
  actor_runtime& self = actor_runtime::current();
  const name_pattern pattern(name, options.prefix());
  std::vector<address> out;
  auto ask = [&](address registrar) -> task<bool> {
    std::vector<found_actor> found = co_await detail::ask_registrar(self, registrar, pattern, false);
    for (const found_actor& each : found)
      for (const address& at : each.where)
        if (std::find(out.begin(), out.end(), at) == out.end()) out.push_back(at);
    co_return options.only_first() && !out.empty();
  };
  co_await ask_each(registrars_of(self, options), ask);
  prepare_addresses(out, options);
  check_found(!out.empty(), name, options);
  co_return out;
}

task<std::map<std::string, std::vector<address>>> get_registry(const find_options options) {
  actor_runtime& self = actor_runtime::current();
  std::map<std::string, std::vector<address>> out;
  bool answered = false;
  auto ask = [&](address registrar) -> task<bool> {
    std::vector<registered_actor> all = co_await detail::read_table(self, registrar);
    // Of two that answer at once one is enough.
    if (answered && options.only_first()) co_return true;
    answered = true;
    for (registered_actor& each : all)
      for (address& at : each.addresses) {
        auto& known = out[each.id.name() + "." + each.id.uuid()];
        if (std::find(known.begin(), known.end(), at) == known.end()) known.push_back(std::move(at));
      }
    co_return options.only_first();
  };
  co_await ask_each(registrars_of(self, options), ask);
  co_return out;
}

task<portal> get_registrar(const find_options options) {
  actor_runtime& self = actor_runtime::current();
  std::shared_ptr<link> first;
  auto ask = [&](address registrar) -> task<bool> {
    std::shared_ptr<link> via = co_await detail::reach_registrar(self, registrar);
    if (via && !first) first = std::move(via);
    co_return first != nullptr;
  };
  co_await ask_each(registrars_of(self, options), ask);
  if (!first)
    throw runtime_failure("the registrar is this actor, '" + self.id().short_form() +
                          "': call its functions directly");
  co_return portal(std::move(first));
}

portal get_parent() { return actor_runtime::current().parent(); }

task<portal> get_root() {
  actor_runtime& self = actor_runtime::current();
  if (self.is_root()) throw runtime_failure("this is the root actor");
  const address where = detail::parse_address(self.transports(), self.root_address());
  std::shared_ptr<link> via = co_await detail::hooks_of(self).pool(self).acquire(where);
  co_return portal(std::move(via));
}

task<> wait_registered() { return detail::hooks_of(actor_runtime::current()).wait_registered(); }

}  // namespace tractor
