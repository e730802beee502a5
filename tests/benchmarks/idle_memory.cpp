// What an actor that does nothing occupies, against a bare child of the same program.
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "endpoints.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

struct memory {
  double rss = 0;  // MiB
  double pss = 0;  // MiB; pages that several processes share are divided among them
};

memory memory_of(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  memory out;
  std::string word;
  while (in >> word) {
    if (word == "Rss:" && in >> out.rss) out.rss /= 1024;
    if (word == "Pss:" && in >> out.pss) out.pss /= 1024;
  }
  if (out.rss <= 0)
    throw std::runtime_error("/proc does not tell the memory of process " + std::to_string(pid));
  return out;
}

memory raw_idle_memory(bool fork) {
  pipe_pair report, life;
  const int pid = start_raw(fork, report.write.get(), life.read.get());
  read_bytes(report.read.get(), 1);
  const memory out = memory_of(pid);
  // Not by the end of `life`: a copy of us holds that open itself.
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return out;
}

memory measure_idle_memory(const cell& where) {
  memory out;
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      portal child = co_await nursery.start_actor("echo", expose<&echo>());
      co_await child.run<&echo>(1);
      out = memory_of(child.peer().pid());
      co_await child.cancel_actor();
    });
  });
  return out;
}

}  // namespace

std::vector<series> idle_memory(const cell& where, int batches) {
  series rss("idle_memory_rss", "MiB"), pss("idle_memory_pss", "MiB");
  for (int i = 0; i < batches; ++i) {
    const memory raw = raw_idle_memory(where.forks());
    const memory ours = measure_idle_memory(where);
    rss.raw.push_back(raw.rss);
    pss.raw.push_back(raw.pss);
    rss.measured.push_back(ours.rss);
    pss.measured.push_back(ours.pss);
  }
  return {rss, pss};
}

}  // namespace bench
