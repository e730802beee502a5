// From the start of an actor to its first result, against a bare process to its first byte.
#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int spawns = 5;  // in a batch, each of them a value

void raw_spawn_first_result(bool fork, std::vector<double>& into) {
  for (int i = 0; i < spawns; ++i) {
    pipe_pair report;
    const stopwatch watch;
    const int pid = start_raw(fork, report.write.get());
    read_bytes(report.read.get(), 1);
    into.push_back(watch.ms());
    reap(pid);
  }
}

task<double> spawn_once() {
  return open_nursery([](actor_nursery& nursery) -> task<double> {
    const stopwatch watch;
    portal child = co_await nursery.start_actor("echo", expose<&echo>());
    co_await child.run<&echo>(1);
    const double took = watch.ms();
    co_await child.cancel_actor();
    co_return took;
  });
}

void measure_spawn_first_result(const cell& where, std::vector<double>& into) {
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    for (int i = 0; i < spawns; ++i) {
      const double took = co_await spawn_once();
      into.push_back(took);
    }
  });
}

}  // namespace

std::vector<series> spawn_first_result(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("spawn_first_result", "ms");
  for (int i = 0; i < batches; ++i) {
    raw_spawn_first_result(where.forks(), out.raw);
    measure_spawn_first_result(where, out.measured);
  }
  return {out};
}

}  // namespace bench
