// Measures the runtime beside bare processes and sockets: see docs/benchmarks.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "calls.hpp"
#include "kill_root.hpp"
#include "raw_process.hpp"
#include "runtime_folder.hpp"
#include "series.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/settings_error.hpp"
#include "tractor/runtime/errors.hpp"

namespace {

using namespace bench;

constexpr int exit_failed = 1, exit_usage = 2;

const std::vector<benchmark> benchmarks{
    {{"rpc_round_trip"}, &rpc_round_trip},
    {{"stream_ping_pong"}, &stream_ping_pong},
    {{"stream_throughput_16"}, &stream_throughput_16},
    {{"stream_throughput_1k"}, &stream_throughput_1k},
    {{"stream_throughput_64k"}, &stream_throughput_64k},
    {{"context_open_close"}, &context_open_close},
    {{"spawn_first_result"}, &spawn_first_result},
    {{"spawn_32"}, &spawn_32},
    {{"tree_39_build", "tree_39_cancel"}, &tree_39},
    {{"cancel_100"}, &cancel_100},
    {{"thousand_actors", "thousand_bare_pairs"}, &thousand_actors},
    {{"kill_root"}, &kill_root},
    {{"idle_memory_rss", "idle_memory_pss"}, &idle_memory},
    {{"ring_16_b", "ring_1_kib", "ring_64_kib"}, &ring},
    {{"test_in_process", "test_in_sandbox"}, &isolation},
};

struct request {
  bool json = false;
  bool list = false;
  std::string filter;
  int batches = 7;
  load work;
  int spawns = 0;
  std::string at;
  bool serve = false;
};

bool wanted(const std::string& name, const request& given) { return name.find(given.filter) != name.npos; }

void list(const request& given, const std::vector<cell>& cells) {
  for (const benchmark& one : benchmarks)
    for (const std::string& name : one.names)
      for (const cell& where : cells)
        if (wanted(name, given)) std::printf("%s %s\n", name.c_str(), where.text().c_str());
}

int measure(const request& given, const std::vector<cell>& cells) {
  const runtime_folder_in_memory folder;
  std::vector<result> results;
  for (const benchmark& one : benchmarks) {
    if (std::none_of(one.names.begin(), one.names.end(), [&](auto& name) { return wanted(name, given); }))
      continue;
    for (const cell& where : cells) {
      std::fprintf(stderr, "%s %s\n", one.names.front().c_str(), where.text().c_str());
      for (const series& got : one.run(where, given.batches))
        if (wanted(got.name, given)) results.emplace_back(got, where);
    }
  }
  if (results.empty()) {
    std::fprintf(stderr, "tractor_bench: no benchmark has '%s' in its name: see --list\n",
                 given.filter.c_str());
    return exit_usage;
  }
  std::fputs((given.json ? to_json(results) : to_table(results)).c_str(), stdout);
  return 0;
}

int run(int argc, char** argv) {
  const tractor::parsed_flags flags = tractor::parse_runtime_flags(argc, argv);
  request given;
  CLI::App app("Measures the runtime beside bare processes and sockets.", "tractor_bench");
  app.add_flag("--json", given.json, "Write JSON");
  app.add_flag("--list", given.list, "List what would be measured");
  app.add_option("--filter", given.filter, "Measure only what has this text in its name");
  app.add_option("--batches", given.batches, "Batches of each measurement")->check(CLI::Range(1, 10000));
  const CLI::Range any_count(1, 100000000);
  app.add_option("--calls", given.work.calls, "Measure nothing: make this many calls in the first cell")
      ->check(any_count);
  app.add_option("--round-trips", given.work.round_trips, "The same with items of a stream, there and back")
      ->check(any_count);
  app.add_option("--items", given.work.items, "The same with items one way")->check(any_count);
  app.add_option("--size", given.work.size, "Bytes of each of the --items")->check(any_count);
  app.add_option("--spawns", given.spawns,
                 "Measure nothing: start and end this many actors in the first cell")
      ->check(any_count);
  app.add_option("--at", given.at, "Where --serve listens, and where --calls and its like find it");
  app.add_flag("--serve", given.serve, "Measure nothing: answer calls at the address of --at");
  app.footer("Flags of the runtime:\n" + tractor::runtime_flags_help());
  std::vector<std::string> words(flags.rest.rbegin(), flags.rest.rend());
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "tractor_bench: %s (see --help)\n", error.what());
    return exit_usage;
  }
  const std::vector<cell> cells = choose_cells(flags);
  if (cells.empty()) {
    std::fprintf(stderr,
                 "tractor_bench: no spawn backend or no transport was found: see `tractor plugins`\n");
    return exit_failed;
  }
  if (given.list) return list(given, cells), 0;
  if (given.serve && given.at.empty()) {
    std::fprintf(stderr, "tractor_bench: --serve needs an address: --at ADDR\n");
    return exit_usage;
  }
  if (given.serve) return serve_calls(cells.front(), given.at), 0;
  if (given.work.any() && !given.at.empty()) return make_calls_to(cells.front(), given.at, given.work), 0;
  if (given.work.any()) return make_calls(cells.front(), given.work), 0;
  if (given.spawns > 0) return make_spawns(cells.front(), given.spawns), 0;
  return measure(given, cells);
}

}  // namespace

int main(int argc, char** argv) {
  bench::run_if_raw(argc, argv);
  tractor::run_if_child(argc, argv);
  try {
    bench::run_if_root_of_tree(argc, argv);
    return run(argc, argv);
  } catch (const tractor::settings_error& error) {
    std::fprintf(stderr, "tractor_bench: %s\n", error.what());
    return exit_usage;
  } catch (const tractor::plugin::plugin_error& error) {
    std::fprintf(stderr, "tractor_bench: %s\n", error.what());
    return exit_usage;
  } catch (const tractor::remote_actor_error& error) {
    std::fprintf(stderr, "tractor_bench: %s\n", error.record().render().c_str());
    return exit_failed;
  } catch (...) {
    std::fprintf(stderr, "tractor_bench: %s\n", tractor::describe(std::current_exception()).c_str());
    return exit_failed;
  }
}
