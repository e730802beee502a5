#include "reaper.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <exception>

#include "tractor/plugin/orphans.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/dump_leftovers.hpp"
#include "tractor/runtime/run_leftovers.hpp"
#include "tractor/runtime/shm_leftovers.hpp"

namespace tractor::reap {

namespace {

const char* word(fate of) {
  switch (of) {
    case fate::found:
      return "found";
    case fate::removed:
      return "removed";
    case fate::killed:
      return "killed";
    case fate::failed:
      return "failed";
  }
  return "";
}

class sweeper {
 public:
  explicit sweeper(const request& wanted) : wanted_(wanted) {}

  reap_report reap(spawn_backend& plugin, const leftovers& found) {
    return plugin.reap(found, wanted_.grace);
  }
  reap_report reap(transport& plugin, const leftovers& found) { return plugin.reap(found); }

  // Several backends name the same orphans, since the title does not say who started it: the first one ends
  // it.
  template <class Plugin> void ask(Plugin& plugin, const std::string& kind) {
    leftovers found;
    for (leftover& it : plugin.scan())
      if (is_of(it, kind) && !known(it)) found.push_back(std::move(it));
    settle(found, [&] { return reap(plugin, found); });
  }

  void end_children_of(int parent) {
    const leftovers found = find_children(parent, {"_subactor["});
    settle(found, [&] { return end_children(parent, found, wanted_.grace); });
  }

  void sweep_segments() {
    const leftovers found = wanted_.foreign_segments ? find_unused_segments() : find_dead_segments();
    settle(found, [&] { return remove_segments(found); });
  }

  // One that has ended leaves its children to be orphans in their turn, unless it ends them first.
  void end_orphans() {
    std::size_t before = 0;
    do {
      before = done_.actions.size();
      ask_all("spawn", "process");
    } while (done_.actions.size() > before && !wanted_.dry_run);
  }

  void end_processes_of_runs() {
    leftovers found;
    for (leftover& it : find_processes_of_dead_runs())
      if (!known(it)) found.push_back(std::move(it));
    settle(found, [&] { return end_processes_of_dead_runs(found, wanted_.grace); });
  }

  void sweep_runs() {
    const leftovers found = find_dead_runs();
    settle(found, [&] { return remove_runs(found); });
  }

  void sweep_dumps() {
    const leftovers found = find_dead_dumps();
    settle(found, [&] { return remove_dumps(found); });
  }

  void ask_all(const std::string& kind_of_plugin, const std::string& kind) {
    auto& plugins = plugin::registry::instance();
    for (const plugin::plugin_info& it : plugins.list()) {
      if (it.kind != kind_of_plugin || !it.good()) continue;
      try {
        if (kind_of_plugin == "spawn")
          ask(plugins.spawn(it.key), kind);
        else
          ask(plugins.transport(it.key), kind);
      } catch (const std::exception& error) {
        done_.complaints.push_back("the " + it.kind + " plugin '" + it.key + "': " + error.what());
      }
    }
  }

  outcome take() { return std::move(done_); }

 private:
  template <class Remove> void settle(const leftovers& found, const Remove& remove) {
    if (found.empty()) return;
    if (wanted_.dry_run) {
      add(fate::found, found);
      return;
    }
    const reap_report report = remove();
    add(fate::removed, report.removed);
    add(fate::killed, report.killed);
    add(fate::failed, report.failed);
  }
  // An empty kind is whatever has no flag of its own.
  static bool is_of(const leftover& one, const std::string& kind) {
    return kind.empty() ? one.kind != "process" && one.kind != "socket" && one.kind != "shm"
                        : one.kind == kind;
  }
  bool known(const leftover& one) const {
    return std::any_of(done_.actions.begin(), done_.actions.end(), [&](const action& it) {
      return it.on.kind == one.kind && it.on.pid == one.pid && it.on.name == one.name;
    });
  }
  void add(fate what, const leftovers& all) {
    for (const leftover& it : all) done_.actions.emplace_back(what, it);
  }

  request wanted_;
  outcome done_;
};

}  // namespace

std::size_t outcome::count(fate of) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(actions.begin(), actions.end(), [&](const action& it) { return it.what == of; }));
}

outcome sweep(const request& wanted) {
  sweeper one(wanted);
  if (wanted.processes && wanted.parent > 0) one.end_children_of(wanted.parent);
  if (wanted.processes && wanted.parent == 0) {
    one.end_processes_of_runs();
    one.end_orphans();
  }
  if (wanted.segments) one.sweep_segments();
  for (const char* const plugins : {"spawn", "transport"}) {
    if (wanted.segments) one.ask_all(plugins, "shm");
    if (wanted.sockets) one.ask_all(plugins, "socket");
    if (wanted.others) one.ask_all(plugins, "");
  }
  if (wanted.sockets) one.sweep_runs();
  if (wanted.dumps) one.sweep_dumps();
  return one.take();
}

std::string to_text(const outcome& done, const request& wanted) {
  std::string out;
  for (const action& it : done.actions) {
    out += std::string(word(it.what)) + " " + it.on.kind;
    if (it.on.kind == "process") out += " " + std::to_string(it.on.pid);
    out += " " + it.on.name;
    if (!it.on.detail.empty()) out += ": " + it.on.detail;
    out += "\n";
  }
  if (wanted.dry_run) return out + std::to_string(done.actions.size()) + " found, nothing was touched\n";
  const std::size_t killed = done.count(fate::killed);
  return out + std::to_string(done.count(fate::removed)) + " removed, " +
         (killed ? std::to_string(killed) + " killed, " : "") + std::to_string(done.count(fate::failed)) +
         " failed\n";
}

std::string to_json(const outcome& done) {
  boost::json::array out;
  for (const action& it : done.actions)
    out.push_back({{"action", word(it.what)},
                   {"kind", it.on.kind},
                   {"name", it.on.name},
                   {"pid", it.on.pid},
                   {"detail", it.on.detail}});
  return boost::json::serialize(out) + "\n";
}

}  // namespace tractor::reap
