#include "demo.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <tractor/async/loop.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>
#include <variant>

#include "crew.hpp"
#include "process_tree.hpp"
#include "tally.hpp"

using namespace tractor;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

double milliseconds_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - start).count();
}

/// One combination of plugins, and what was measured in it.
struct cell {
  std::string backend, transport;
  std::size_t actors = 0;
  double spawn_ms = 0, calls_per_s = 0, teardown_ms = 0;
  std::size_t left_behind = 0;
  bool right = false;

  std::string name() const { return backend + " + " + transport; }
};

bool is_wish(origin where) { return where == origin::flag || where == origin::environment; }

// The keys that a flag or the environment asks for, else those of all good plugins of a kind.
std::vector<std::string> keys_of(const std::string& kind, const std::vector<std::string>& names,
                                 origin where) {
  auto& plugins = plugin::registry::instance();
  std::set<std::string> keys;
  if (is_wish(where)) {
    for (const std::string& name : names) keys.insert(plugins.resolve(kind, name));
    return {keys.begin(), keys.end()};
  }
  for (const auto& info : plugins.list())
    if (info.good() && info.kind == kind) keys.insert(info.key);
  // One that joins no processes has nothing to show here.
  if (kind == "transport")
    std::erase_if(keys, [&](const std::string& key) { return !plugins.transport(key).crosses_processes(); });
  return {keys.begin(), keys.end()};
}

std::vector<cell> all_cells(const settings& asked) {
  std::vector<cell> cells;
  const auto transports = keys_of("transport", asked.transports.value(), asked.transports.origin());
  for (const auto& backend : keys_of("spawn", {asked.spawn_backend.value()}, asked.spawn_backend.origin()))
    for (const auto& transport : transports) {
      cell& one = cells.emplace_back();
      one.backend = backend;
      one.transport = transport;
    }
  return cells;
}

task<double> measure_calls(portal worker) {
  const auto start = clock_type::now();
  int calls = 0;
  while (clock_type::now() - start < 300ms) calls += co_await worker.run<&echo>(1);
  co_return calls * 1000 / milliseconds_since(start);
}

task<> run_tree_of(cell& at, crew& workers, const std::vector<std::string>& files, const tally& expected) {
  if (current_actor().start_method() != at.backend || current_actor().transports().front() != at.transport)
    throw std::runtime_error("another backend or transport was used than " + at.name());
  clock_type::time_point start = clock_type::now();
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    co_await workers.start(tn);
    at.spawn_ms = milliseconds_since(start);
    std::cout << draw_process_tree(getpid()) << std::flush;
    at.calls_per_s = co_await measure_calls(workers.worker(0));

    workers.kill_one_after(files.size() / 2);
    const tally words = co_await workers.count(files);
    at.right = words == expected && workers.deaths() == 1;
    std::cout << "  counted " << total(words) << " words in " << files.size()
              << " files: " << (words == expected ? "the same as one process" : "NOT what one process counts")
              << std::endl;
    workers.dismiss();
    start = clock_type::now();
  });
  at.teardown_ms = milliseconds_since(start);
}

// What dead processes of our own left on the system (a socket's file, say); those of others are not our
// concern.
std::size_t leftovers_of(const std::string& transport, const std::vector<int>& pids) {
  std::size_t count = 0;
  for (const leftover& each : plugin::registry::instance().transport(transport).scan())
    for (const int pid : pids) count += each.pid == pid;
  return count;
}

// An address where nobody listens. One that leaves its number open gets one by listening there for a moment.
std::string fresh_address(const std::string& transport) {
  auto& it = plugin::registry::instance().transport(transport);
  static int count = 0;
  const address wish = it.random_bind(actor_id("demo" + std::to_string(++count), "demo", getpid()));
  const auto* pair = std::get_if<address::pair_with_number>(&wish.wire());
  if (!pair || pair->second != 0) return wish.text();
  auto listen_once = [&]() -> task<std::string> {
    const auto listener = co_await it.listen(wish);
    const std::string bound = listener->bound().text();
    listener->close();
    co_return bound;
  };
  return run_loop(listen_once);
}

run_options options_of(const cell& at, const settings& asked) {
  run_options out;
  out.name("word_count").start_method(at.backend).enable_transports(at.transport);
  for (const auto& [folder, from] : asked.plugin_path) out.plugin_path(folder);
  for (const std::string& where : asked.registry_addrs.value()) out.registry_addrs(where);
  if (asked.registry_addrs.value().empty()) out.registry_addrs(fresh_address(at.transport));
  if (is_wish(asked.loglevel.origin())) out.loglevel(log::level_name(asked.loglevel.value()));
  if (is_wish(asked.log_spec.origin())) out.loglevel(asked.log_spec.value());
  return out;
}

void run_cell(cell& at, int size, const std::vector<std::string>& files, const tally& expected,
              const settings& asked) {
  std::cout << "\n" << at.name() << std::endl;
  crew workers(size);
  try {
    const run_options options = options_of(at, asked);
    auto body = [&]() -> task<> { return run_tree_of(at, workers, files, expected); };
    run_tree(options, body);
  } catch (const std::exception& error) {
    at.right = false;
    std::cout << "  failed: " << error.what() << std::endl;
  }
  at.actors = workers.pids().size();
  std::vector<int> ours = workers.pids();
  ours.push_back(getpid());
  at.left_behind = descendants(getpid()).size() + leftovers_of(at.transport, ours);
}

}  // namespace

int run_demo(const std::vector<std::string>& files, int workers, const settings& asked) {
  // Each cell has one of what they name.
  for (const char* const variable : {"TRACTOR_SPAWN_METHOD", "TRACTOR_TPT_PROTO", "TRACTOR_REGISTRY_ADDRS"})
    unsetenv(variable);
  const tally expected = count_files(files);
  std::cout << files.size() << " files, " << total(expected) << " words, " << workers
            << " workers; in each cell one of them is killed on the way." << std::endl;
  std::vector<cell> cells = all_cells(asked);
  for (cell& each : cells) run_cell(each, workers, files, expected, asked);

  bool all_right = !cells.empty();
  std::printf("\n%-24s %7s %11s %9s %13s %12s  %s\n", "cell", "actors", "spawn (ms)", "calls/s",
              "teardown (ms)", "left behind", "result");
  for (const cell& each : cells) {
    const bool good = each.right && each.left_behind == 0;
    all_right = all_right && good;
    std::printf("%-24s %7zu %11.1f %9.0f %13.1f %12zu  %s\n", each.name().c_str(), each.actors, each.spawn_ms,
                each.calls_per_s, each.teardown_ms, each.left_behind, good ? "right" : "WRONG");
  }
  return all_right ? 0 : 1;
}
