// 32 actors at once, to the last first result, against 32 bare processes to the last first byte.
#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int count = 32;

double raw_spawn_32(bool fork) {
  pipe_pair report;
  std::vector<int> pids;
  const stopwatch watch;
  for (int i = 0; i < count; ++i) pids.push_back(start_raw(fork, report.write.get()));
  read_bytes(report.read.get(), count);
  const double took = watch.ms();
  for (const int pid : pids) reap(pid);
  return took;
}

task<> one(actor_nursery& nursery) {
  portal child = co_await nursery.start_actor("echo", expose<&echo>());
  co_await child.run<&echo>(1);
}

task<double> all() {
  return open_nursery([](actor_nursery& nursery) -> task<double> {
    const stopwatch watch;
    co_await open_task_nursery([&](task_nursery& tasks) -> task<> {
      for (int i = 0; i < count; ++i) tasks.start_soon([](actor_nursery* in) { return one(*in); }, &nursery);
      co_return;
    });
    const double took = watch.ms();
    // The value is kept; what is left of the nursery ends its children.
    nursery.cancel();
    co_return took;
  });
}

double measure_spawn_32(const cell& where) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    return all();
  });
}

}  // namespace

std::vector<series> spawn_32(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("spawn_32", "ms");
  for (int i = 0; i < batches; ++i) {
    out.raw.push_back(raw_spawn_32(where.forks()));
    out.measured.push_back(measure_spawn_32(where));
  }
  return {out};
}

}  // namespace bench
