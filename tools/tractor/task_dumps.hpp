// Asking running actors for their task trees.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "actor_processes.hpp"

namespace tractor::cli {

/// What one actor answered. A value.
struct task_dump {
  enum class answer { given, stopped, ended, deaf, silent };

  actor_process of;
  answer is = answer::silent;
  std::string state;               ///< as the actor says
  std::vector<std::string> lines;  ///< its task tree
};

/// Says in words why there is no dump.
const char* to_string(task_dump::answer is);

/// Sends SIGUSR1 to each and reads what they append to their dump files; yields one for each, in their order.
///
/// Returns when all have answered or `bound` has passed. They write it to their stderr, too. One that would
/// die of the signal (deaf), or is stopped, is not asked.
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
