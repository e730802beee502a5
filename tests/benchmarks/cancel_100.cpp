// A hundred actors side by side: from the cancel until each of them is reaped. Against bare processes that
// end when a pipe closes.
#include <optional>

#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int count = 100;

double raw_cancel_100() {
  pipe_pair report, life;
  std::vector<int> pids;
  for (int i = 0; i < count; ++i) pids.push_back(start_raw_tree(0, report.write.get(), life.read.get()));
  read_bytes(report.read.get(), count);
  const stopwatch watch;
  life.write.reset();
  for (const int pid : pids) reap(pid);
  return watch.ms();
}

double measure_cancel_100(const cell& where) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    pipe_pair report;
    std::optional<stopwatch> watch;
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      for (int i = 0; i < count; ++i) grow_one_below(nursery, report.write.get(), 0);
      co_await wait_for_bytes(report.read.get(), count);
      watch.emplace();
      nursery.cancel();
    });
    co_return watch->ms();
  });
}

}  // namespace

std::vector<series> cancel_100(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("cancel_100", "ms");
  for (int i = 0; i < batches; ++i) {
    out.raw.push_back(raw_cancel_100());
    out.measured.push_back(measure_cancel_100(where));
  }
  return {out};
}

}  // namespace bench
