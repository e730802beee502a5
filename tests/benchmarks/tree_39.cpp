// Three actors with three children with three children: from the first start until all are there, and from
// the cancel until the root's nursery is left with all of them reaped. Against bare processes of the same
// shape.
#include <optional>

#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

struct times {
  double build = 0;
  double cancel = 0;
};

times raw_tree_39() {
  times out;
  pipe_pair report, life;
  std::vector<int> pids;
  const stopwatch watch;
  for (int i = 0; i < 3; ++i) pids.push_back(start_raw_tree(2, report.write.get(), life.read.get()));
  read_bytes(report.read.get(), tree_size);
  out.build = watch.ms();
  const stopwatch ending;
  life.write.reset();
  for (const int pid : pids) reap(pid);
  out.cancel = ending.ms();
  return out;
}

times measure_tree_39(const cell& where) {
  times out;
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    pipe_pair report;
    const stopwatch watch;
    std::optional<stopwatch> ending;
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      grow_below(nursery, report.write.get(), 2);
      co_await wait_for_bytes(report.read.get(), tree_size);
      out.build = watch.ms();
      ending.emplace();
      nursery.cancel();
    });
    out.cancel = ending->ms();
  });
  return out;
}

}  // namespace

std::vector<series> tree_39(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series build("tree_39_build", "ms"), cancel("tree_39_cancel", "ms");
  for (int i = 0; i < batches; ++i) {
    const times raw = raw_tree_39();
    const times ours = measure_tree_39(where);
    build.raw.push_back(raw.build);
    cancel.raw.push_back(raw.cancel);
    build.measured.push_back(ours.build);
    cancel.measured.push_back(ours.cancel);
  }
  return {build, cancel};
}

}  // namespace bench
