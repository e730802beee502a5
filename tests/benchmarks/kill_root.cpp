// SIGKILL of the root of a tree of 39 actors, until none of them is left.
#include "kill_root.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "endpoints.hpp"
#include "raw_process.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr const char* mode = "--root-of-tree";

// The kernel gives orphans to us, since an earlier tree made us their subreaper.
void reap_all() {
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

double measure_kill_root(const cell& where) {
  pipe_pair report;
  std::vector<std::string> words{mode, "--spawn-backend", where.backend(), "--tpt-proto", where.transport()};
  for (const std::string& folder : where.plugin_path()) words.insert(words.end(), {"--plugin-path", folder});
  const int root = start_again(words, {{report.write.get(), report_number}});
  report.write.reset();
  read_bytes(report.read.get(), tree_size);
  const stopwatch watch;
  ::kill(root, SIGKILL);
  // Each process of the tree holds the other end.
  read_to_end(report.read.get());
  const double took = watch.ms();
  reap_all();
  return took;
}

}  // namespace

void run_if_root_of_tree(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], mode) != 0) return;
  const cell where = choose_cells(parse_runtime_flags(argc, argv)).front();
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    co_await open_nursery([](actor_nursery& nursery) -> task<> {
      grow_below(nursery, report_number, 2);
      co_await sleep_forever();
    });
  });
  ::_exit(0);
}

std::vector<series> kill_root(const cell& where, int batches) {
  series out("kill_root", "ms");
  for (int i = 0; i < batches; ++i) out.measured.push_back(measure_kill_root(where));
  return {out};
}

}  // namespace bench
