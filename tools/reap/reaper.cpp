#include "reaper.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <exception>

#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/dump_leftovers.hpp"
#include "tractor/runtime/shm_leftovers.hpp"

namespace tractor::reap {

namespace {

const char* word(fate of) {
  switch (of) {
    case fate::found:
      return "found";
    case fate::removed:
      return "removed";
    case fate::failed:
      return "failed";
  }
  return "";
}

class sweeper {
 public:
  explicit sweeper(const request& wanted) : wanted_(wanted) {}

  // Several backends name the same orphans, since the title does not say who started it: the first one ends
  // it.
  template <class Plugin> void ask(Plugin& plugin, const std::string& kind) {
    leftovers found;
    for (leftover& it : plugin.scan())
      if (it.kind == kind && !known(it)) found.push_back(std::move(it));
    settle(found, [&] { return plugin.reap(found); });
  }

  void sweep_segments() {
    const leftovers found = wanted_.foreign_segments ? find_unused_segments() : find_dead_segments();
    settle(found, [&] { return remove_segments(found); });
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
    add(fate::failed, report.failed);
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
  if (wanted.processes) one.ask_all("spawn", "process");
  if (wanted.segments) one.sweep_segments();
  if (wanted.sockets) one.ask_all("transport", "socket");
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
  return out + std::to_string(done.count(fate::removed)) + " removed, " +
         std::to_string(done.count(fate::failed)) + " failed\n";
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
