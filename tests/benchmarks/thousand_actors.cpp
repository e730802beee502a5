// A thousand actors at once, started, called and ended: what one of them costs, beside what one of ten costs.
#include <unistd.h>

#include "endpoints.hpp"
#include "raw_process.hpp"
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

// A bare pair: a process, and a copy of that where an actor has its zygote. Both live until a byte comes.
void live_as_pair(int report, int life) {
  char byte = 0;
  const auto wait_for_a_byte = [](int, int until) {
    char sign = 0;
    if (::read(until, &sign, 1) != 1) ::_exit(1);
  };
  const int copy = start_copy(wait_for_a_byte, report, life);
  write_byte(report);
  if (::read(life, &byte, 1) != 1) ::_exit(1);
  reap(copy);
}

// What the kernel alone takes for so many: the growth that no runtime can be without.
double measure_bare_pairs(int count) {
  pipe_pair report, life;
  std::vector<int> pids;
  const stopwatch watch;
  for (int i = 0; i < count; ++i) {
    pids.push_back(start_copy(&live_as_pair, report.write.get(), life.read.get()));
    read_bytes(report.read.get(), 1);
  }
  for (int i = 0; i < 2 * count; ++i) write_byte(life.write.get());
  for (const int pid : pids) reap(pid);
  return watch.ms() / count;
}

// The mean of many: the best of a few milliseconds would be luck that no second of work has.
template <class Measure> double mean_of_few(const Measure& measure) {
  double sum = 0;
  for (int tree = 0; tree < trees_of_few; ++tree) sum += measure(few);
  return sum / trees_of_few;
}

}  // namespace

std::vector<series> thousand_actors(const cell& where, int batches) {
  // Without a fork that is a thousand times the start of a program, which says nothing of ours.
  if (!where.forks()) return {};
  series out("thousand_actors", "ms per actor (raw: of ten)"),
      bare("thousand_bare_pairs", "ms per pair (raw: of ten)");
  const auto actors = [&](int count) { return measure_thousand_actors(where, count); };
  for (int i = 0; i < batches; ++i) {
    bare.raw.push_back(mean_of_few(&measure_bare_pairs));
    bare.measured.push_back(measure_bare_pairs(many));
    out.raw.push_back(mean_of_few(actors));
    out.measured.push_back(actors(many));
  }
  return {out, bare};
}

}  // namespace bench
