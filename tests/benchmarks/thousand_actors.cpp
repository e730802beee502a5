// A thousand actors at once, started, called and ended: what one of them costs, beside what one of ten costs.
#include "endpoints.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int few = 10;
constexpr int trees_of_few = 50;
constexpr int many = 1000;
// So many are in their boot at a time: on the way there is no more to gain than work for all processors.
constexpr int at_once = 8;

task<> start_some(actor_nursery& nursery, int& left) {
  while (left-- > 0) {
    portal child = co_await nursery.start_actor("one_of_many", expose<&echo>());
    co_await child.run<&echo>(1);
  }
}

// Milliseconds for each actor, from the first start until the last is reaped.
double measure_thousand_actors(const cell& where, int count) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    const stopwatch watch;
    int left = count;
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      co_await open_task_nursery([&](task_nursery& tasks) -> task<> {
        for (int i = 0; i < at_once; ++i) tasks.start_soon(start_some, std::ref(nursery), std::ref(left));
        co_return;
      });
      nursery.cancel();
    });
    co_return watch.ms() / count;
  });
}

}  // namespace

std::vector<series> thousand_actors(const cell& where, int batches) {
  // Without a fork that is a thousand times the start of a program, which says nothing of ours.
  if (!where.forks()) return {};
  series out("thousand_actors", "ms per actor (raw: of ten)");
  for (int i = 0; i < batches; ++i) {
    // Many times: the best of a few milliseconds would be luck that no second of work has.
    double sum = 0;
    for (int tree = 0; tree < trees_of_few; ++tree) sum += measure_thousand_actors(where, few);
    out.raw.push_back(sum / trees_of_few);
    out.measured.push_back(measure_thousand_actors(where, many));
  }
  return {out};
}

}  // namespace bench
