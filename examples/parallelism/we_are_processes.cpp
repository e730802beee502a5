// One actor for each core, then one of them aborts. The fault stays in its process: the parent gets an error
// that names the actor and the signal, ends the others, and leaves no process behind.
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;

task<> work_for_ever() { co_await sleep_forever(); }

task<> fall_over() {
  prctl(PR_SET_DUMPABLE, 0);  // on purpose, so no core file
  std::abort();
  co_return;
}

bool exists(int pid) { return kill(pid, 0) == 0; }

task<int> app() {
  std::vector<int> pids;
  try {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      const unsigned cores = std::max(2u, std::thread::hardware_concurrency());
      std::vector<portal> workers;
      for (unsigned i = 0; i < cores; ++i) {
        const std::string name = "worker-" + std::to_string(i);
        workers.push_back(co_await an.start_actor(name, expose<&work_for_ever, &fall_over>()));
        pids.push_back(workers.back().peer().pid());
        std::cout << name << " is process " << pids.back() << std::endl;
      }
      for (std::size_t i = 1; i < workers.size(); ++i)
        an.tasks().start_soon([worker = workers[i]] { return worker.run<&work_for_ever>(); });
      co_await workers.front().run<&fall_over>();
    });
  } catch (const std::exception& error) {
    std::cout << "caught: " << error.what() << std::endl;
  }
  const auto left = std::count_if(pids.begin(), pids.end(), exists);
  std::cout << "processes left behind: " << left << " of " << pids.size() << std::endl;
  co_return left == 0 && !pids.empty() ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
