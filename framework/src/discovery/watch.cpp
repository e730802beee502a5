#include "tractor/discovery/watch.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "discovery/ask.hpp"
#include "discovery/registrar.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/discovery/errors.hpp"
#include "tractor/log/logger.hpp"

namespace tractor {

namespace detail {

using namespace std::chrono_literals;

/// What the tasks of a watch, one for each registrar, share with its reader.
class watch_state {
 public:
  explicit watch_state(name_pattern pattern) : pattern(std::move(pattern)) {}

  void apply(const std::string& registrar, const table_step& step);
  void close() noexcept {
    closed = true;
    scope.cancel();
    changed.notify_all();
  }

  class known_actor {
   public:
    registered_actor who;
    std::vector<std::string> by;  // the registrars that know it
    bool told = false;            // its appearance was read
  };

  name_pattern pattern;
  std::vector<std::string> transports;
  std::map<std::string, known_actor> known;  // by uuid
  std::deque<registry_change> unread;
  condition changed;
  cancel_scope scope;
  bool closed = false;

 private:
  void appear(const std::string& registrar, const registered_actor& who);
  void lose(const std::string& registrar, const std::string& uuid);
};

void watch_state::appear(const std::string& registrar, const registered_actor& who) {
  known_actor& entry = known[who.id.uuid()];
  const bool fresh = entry.by.empty();
  if (std::find(entry.by.begin(), entry.by.end(), registrar) == entry.by.end()) entry.by.push_back(registrar);
  if (!fresh) return;
  entry.who = who;
  unread.emplace_back(registry_change::kind::appeared, who);
}

void watch_state::lose(const std::string& registrar, const std::string& uuid) {
  const auto at = known.find(uuid);
  if (at == known.end() || std::erase(at->second.by, registrar) == 0 || !at->second.by.empty()) return;
  if (at->second.told)
    unread.emplace_back(registry_change::kind::gone, at->second.who);
  else
    std::erase_if(unread, [&](const registry_change& each) { return each.who.id.uuid() == uuid; });
  known.erase(at);
}

void watch_state::apply(const std::string& registrar, const table_step& step) {
  if (step.whole) {
    std::vector<std::string> missing;
    for (const auto& [uuid, entry] : known) {
      auto is_it = [&](const registry_change& each) { return each.who.id.uuid() == uuid; };
      if (std::none_of(step.changes.begin(), step.changes.end(), is_it)) missing.push_back(uuid);
    }
    for (const std::string& uuid : missing) lose(registrar, uuid);
  }
  for (const registry_change& each : step.changes)
    if (each.what == registry_change::kind::appeared)
      appear(registrar, each.who);
    else
      lose(registrar, each.who.id.uuid());
  changed.notify_all();
}

namespace {

task<> follow(actor_runtime& self, std::shared_ptr<watch_state> state, address registrar) {
  backoff pause(50ms, 1s);
  std::string epoch;
  std::uint64_t number = 0;
  for (;;) {
    bool reached = false;
    try {
      const table_step step = co_await ask_next_step(self, registrar, epoch, number, state->pattern);
      epoch = step.epoch;
      number = step.number;
      state->apply(registrar.text(), step);
      reached = true;
    } catch (const std::exception& error) {
      TRACTOR_LOG(discovery, runtime, "watching: {}", error.what());
    }
    if (reached)
      pause.reset();
    else
      co_await sleep(pause.next());
  }
}

task<> follow_all(actor_runtime& self, std::shared_ptr<watch_state> state, std::vector<address> registrars) {
  auto all = [&](task_nursery& tasks) -> task<> {
    for (const address& at : registrars)
      tasks.start_soon(task_name("watch " + at.text()), &follow, std::ref(self), state, at);
    co_return;
  };
  co_await state->scope.run(open_task_nursery(all));
}

}  // namespace
}  // namespace detail

actor_watch::actor_watch(std::shared_ptr<detail::watch_state> state) : state_(std::move(state)) {}
actor_watch::actor_watch(actor_watch&&) noexcept = default;

actor_watch& actor_watch::operator=(actor_watch&& other) noexcept {
  close();
  state_ = std::move(other.state_);
  return *this;
}

actor_watch::~actor_watch() { close(); }

void actor_watch::close() noexcept {
  if (state_) state_->close();
}

task<std::optional<registry_change>> actor_watch::next() {
  const std::shared_ptr<detail::watch_state> state = state_;
  while (state->unread.empty() && !state->closed) co_await state->changed.wait();
  if (state->closed) co_return std::nullopt;
  std::optional<registry_change> out(std::move(state->unread.front()));
  state->unread.pop_front();
  if (out->what == registry_change::kind::appeared) state->known[out->who.id.uuid()].told = true;
  co_return out;
}

std::vector<registered_actor> actor_watch::present() const {
  std::vector<registered_actor> out;
  for (const auto& [uuid, entry] : state_->known)
    if (entry.told) out.push_back(entry.who);
  return out;
}

actor_watch watch_actors(std::string name, const find_options options) {
  using namespace detail;
  actor_runtime& self = actor_runtime::current();
  auto state = std::make_shared<watch_state>(name_pattern(std::move(name), options.prefix()));
  std::vector<address> registrars;
  for (const std::string& text : options.registry_addrs())
    registrars.push_back(detail::parse_address(self.transports(), text));
  if (registrars.empty()) registrars = self.registry_addrs();
  if (registrars.empty()) throw registrar_unreachable("no registrar is known here: set registry_addrs");
  self.services().start_soon(task_name("watch " + state->pattern.text), &follow_all, std::ref(self), state,
                             std::move(registrars));
  return actor_watch(std::move(state));
}

}  // namespace tractor
