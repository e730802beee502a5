// Asking running actors for their task trees.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "actor_processes.hpp"
#include "tractor/runtime/dump_request.hpp"

namespace tractor::cli {

/// What one actor answered. A value.
struct task_dump {
  actor_process of;
  dump_request::answer is = dump_request::answer::none_yet;
  std::string state;               ///< as the actor says
  std::vector<std::string> lines;  ///< its task tree
  std::vector<std::string> log;    ///< its end
};

/// Asks each, and yields what came of it, in their order.
///
/// Returns when all have answered or `bound` has passed.
std::vector<task_dump> ask_for_dumps(const std::vector<actor_process>& actors,
                                     std::chrono::milliseconds bound);

/// Counts the tasks of a dump.
std::size_t count_tasks(const task_dump& dump);

/// Asks all of them, and keeps how many tasks each has, if it answers in time.
void add_task_counts(std::vector<actor_process>& actors, std::chrono::milliseconds bound);

/// A task of a dump, with the tasks of its nurseries. A value.
struct dumped_task {
  std::string name, state, scopes;
  std::vector<std::string> frames;
  std::vector<dumped_task> tasks;
};

/// Reads the lines of a dump; yields its main task, or nothing.
std::vector<dumped_task> parse_tasks(const std::vector<std::string>& lines);

}  // namespace tractor::cli
