// What a test that hangs has running.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <list>
#include <string>
#include <vector>

#include "process_table.hpp"
#include "tractor/runtime/dump_request.hpp"

namespace tractor::harness::detail {

/// What the title of each actor begins with.
inline constexpr const char* actor_title = "_subactor[";
/// What stands in the command line of each worker of a runner.
inline constexpr const char* worker_word = " --worker=";

/// What actors have to answer: more than a blocked loop's signal handler waits for the loop.
inline constexpr std::chrono::milliseconds time_for_tasks{700};

/// A look at a tree of processes, with what its actors say of themselves.
///
/// The processes are looked at when it is made; then its actors are asked, and have time to answer.
class tree_dump {
 public:
  /// Looks at `root` and each process below it, and asks those for their tasks that are actors; also `root`
  /// itself and the workers of a runner, which may have a root actor.
  explicit tree_dump(pid_t root);

  /// Takes in what has come; yields whether no answer is open.
  bool complete();
  /// Renders each process, nested: state, where in the kernel it waits, title, what it has open; beneath it
  /// its tasks and the end of its log, or why they are not known.
  std::string text() const;

 private:
  struct process {
    process_info is;
    std::string looks;      // its line and what it has open
    dump_request* request;  // null if it is no actor
  };

  void ask(process& whom);

  std::vector<process> processes_;
  std::list<dump_request> requests_;
};

}  // namespace tractor::harness::detail
