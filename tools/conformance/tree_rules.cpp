// The rules that whole trees of actors put to a plugin, with each plugin of the other kind that is at hand.
#include <signal.h>

#include <string>
#include <vector>

#include "at_hand.hpp"
#include "rule.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/tractor.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

task<int> twice(int value) { co_return 2 * value; }
task<> fails() {
  throw std::domain_error("as it should");
  co_return;
}
task<> counts(send_stream<int>& out, int to) {
  for (int i = 1; i <= to; ++i) co_await out.send(i);
}
task<> waits() { co_await sleep_forever(); }
task<> says_one_and_waits(send_stream<int>& out) {
  co_await out.send(1);
  co_await sleep_forever();
}

class cell {
 public:
  std::string backend, transport;
};

// The cells in which the plugin can be tried.
std::vector<cell> cells_of(const subject& it) {
  plugin::registry& plugins = plugin::registry::instance();
  std::vector<cell> out;
  for (const plugin::plugin_info& other : plugins_at_hand(it)) {
    if (it.kind == "transport" && other.kind == "spawn") out.push_back({other.key, it.key});
    if (it.kind == "spawn" && other.kind == "transport" && plugins.transport(other.key).crosses_processes())
      out.push_back({it.key, other.key});
  }
  return out;
}

// A random address may leave a part open (a port): it is known once somebody has listened there.
std::string free_address(const std::string& key) {
  return run_loop([&]() -> task<std::string> {
    tractor::transport& via = plugin::registry::instance().transport(key);
    const address where = via.random_bind(actor_id("conformance", "c0ffee00"));
    const auto door = co_await via.listen(where);
    co_return door->bound().text();
  });
}

// Runs `body` as the root of a tree in each cell; what goes wrong names the cell.
void in_each_cell(const subject& it, task<> (*body)()) {
  if (it.kind == "transport" && !plugin::registry::instance().transport(it.key).crosses_processes())
    throw not_applicable("both ends are in one process");
  const std::vector<cell> cells = cells_of(it);
  if (cells.empty()) throw not_applicable("no plugin of the other kind is on the path of plugins");
  for (const cell& one : cells) {
    run_options options;
    options.name("conformance").start_method(one.backend).enable_transports(one.transport);
    options.plugin_path(it.folder);
    options.registry_addrs(free_address(one.transport));
    try {
      run_tree(options, [&]() -> task<> { co_await fail_after(8s, body()); });
    } catch (const std::exception&) {
      throw broken("in " + one.backend + "+" + one.transport + ": " + describe(std::current_exception()));
    }
  }
}

task<> talk() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&twice, &fails, &counts>());
    portal other = co_await an.start_actor("other", expose<&twice>());
    const int four = co_await other.run<&twice>(2);
    require(four == 4, "twice(2) is " + std::to_string(four));
    std::string said;
    try {
      co_await kid.run<&fails>();
    } catch (const remote_actor_error& error) {
      said = error.what();
    }
    require(said.find("as it should") != said.npos, "a remote error comes as: " + said);
    int sum = 0;
    co_await kid.stream_from<&counts>(1000, [&](receive_stream<int>& in) -> task<> {
      while (auto item = co_await in.next()) sum += *item;
    });
    require(sum == 500'500, "the sum of a stream is " + std::to_string(sum));
    an.cancel();
  });
}

void a_tree_talks(const subject& it) { in_each_cell(it, &talk); }

task<> lose_a_child() {
  std::string said;
  try {
    auto life = open_nursery([](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("victim", expose<&waits>());
      co_await an.start_actor("sibling", expose<&waits>());
      ::kill(kid.peer().pid(), SIGKILL);
      co_await sleep_forever();
    });
    co_await std::move(life);
  } catch (const actor_failure& error) {
    said = error.what();
  }
  require(said.find("victim") != said.npos && said.find("SIGKILL") != said.npos,
          "the error of a killed child is: " + said);
}

void a_tree_survives_a_kill(const subject& it) { in_each_cell(it, &lose_a_child); }

// In the middle of a call, so that the cancel crosses to the other process.
task<> cancel_what_runs() {
  cancel_scope scope;
  auto life = open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&says_one_and_waits>());
    co_await kid.stream_from<&says_one_and_waits>([&](receive_stream<int>& in) -> task<> {
      co_await in.receive();
      scope.cancel();
      co_await sleep_forever();
    });
  });
  const auto cut = co_await scope.run(std::move(life));
  require(cut.cancelled_caught(), "a tree ends before it is cancelled");
}

void a_tree_is_cancelled(const subject& it) { in_each_cell(it, &cancel_what_runs); }

}  // namespace

const std::vector<rule>& tree_rules() {
  static const std::vector<rule> all = {
      {"tree", "actors call, stream and fail across processes", a_tree_talks},
      {"tree_kill", "a killed actor is an error that names it", a_tree_survives_a_kill},
      {"tree_cancel", "a cancelled tree ends and leaves nothing", a_tree_is_cancelled},
  };
  return all;
}

}  // namespace tractor::conformance
