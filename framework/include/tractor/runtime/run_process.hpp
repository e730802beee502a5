// supervise_run_process: a program of any kind as a supervised child of a task.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tractor/async/task_nursery.hpp"
#include "tractor/log/level.hpp"
#include "tractor/plugin/child_process.hpp"

namespace tractor {

/// What to run, and what becomes of its output. A value; setters return itself.
class TRACTOR_API process_command {
 public:
  /// A program by its path, or by its name, which is looked for in `PATH`.
  explicit process_command(std::string program);

  process_command& arg(std::string word) { return words_.push_back(std::move(word)), *this; }
  template <class... Words> process_command& args(const Words&... words) {
    (words_.emplace_back(words), ...);
    return *this;
  }
  /// Sets a variable in its environment, over those of this process.
  process_command& env(std::string name, std::string value) {
    return env_.emplace_back(std::move(name), std::move(value)), *this;
  }
  process_command& working_directory(std::string path) { return directory_ = std::move(path), *this; }
  /// What log lines and errors call it; default: the program's file name.
  process_command& label(std::string text) { return label_ = std::move(text), *this; }
  /// Writes each line of its stdout to the log (of `runtime`, at `relay_level`).
  process_command& relay_stdout(bool on = true) { return relay_stdout_ = on, *this; }
  /// The same for its stderr, whose tail is kept for the error in any case.
  process_command& relay_stderr(bool on = true) { return relay_stderr_ = on, *this; }
  process_command& relay_level(log::level level) { return relay_level_ = level, *this; }
  /// Gives it a descriptor of ours as its stdout; we keep ours. Not together with `relay_stdout`.
  process_command& stdout_to(int fd) { return stdout_ = fd, *this; }
  /// With false a bad end is no error: its exit status says it.
  process_command& check(bool on) { return check_ = on, *this; }
  /// How long it has to end by itself after the SIGTERM of a cancel; default 1.6 s.
  process_command& grace(duration span) { return grace_ = span, *this; }

  const std::vector<std::string>& words() const noexcept { return words_; }
  const std::vector<std::pair<std::string, std::string>>& env() const noexcept { return env_; }
  const std::string& working_directory() const noexcept { return directory_; }
  const std::string& label() const noexcept { return label_; }
  bool relay_stdout() const noexcept { return relay_stdout_; }
  bool relay_stderr() const noexcept { return relay_stderr_; }
  log::level relay_level() const noexcept { return relay_level_; }
  int stdout_fd() const noexcept { return stdout_; }
  bool check() const noexcept { return check_; }
  duration grace() const noexcept { return grace_; }

 private:
  std::vector<std::string> words_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::string directory_, label_;
  log::level relay_level_ = log::level::io;
  duration grace_ = std::chrono::milliseconds(1600);
  int stdout_ = -1;
  bool relay_stdout_ = false, relay_stderr_ = false, check_ = true;
};

/// A program ended by a signal or with another exit code than 0.
class TRACTOR_API process_failed : public std::runtime_error {
 public:
  process_failed(const process_command& command, exit_status how, std::string stderr_tail);
  const std::string& label() const noexcept { return label_; }
  const exit_status& status() const noexcept { return status_; }
  /// The last 16 KiB of what it wrote to stderr; they stand in `what()` too.
  const std::string& stderr_tail() const noexcept { return stderr_tail_; }

 private:
  std::string label_;
  exit_status status_;
  std::string stderr_tail_;
};

/// Runs a program to its end; yields how it ended. A checkpoint.
///
/// Its stdin is /dev/null, its stdout too unless it is relayed or given, its stderr is read here: it never
/// gets at the terminal of this process. It runs in a session of its own, with no other descriptor of ours,
/// all signals at their defaults and none blocked. Lines are relayed as they come; one of more than 8 KiB in
/// pieces, so that no output can make it wait for ever. The kernel kills it should this process die; whoever
/// adopts it then has to reap it.
///
/// A cancel sends SIGTERM to its whole process group, after `grace` SIGKILL, and waits for the end. When the
/// program has ended, what is left of its group is killed, and then it is reaped: nothing is left behind,
/// but a process that made a session of its own is out of reach. Throws `process_failed` (unless
/// `check(false)`), `std::system_error` when it cannot be started, `std::invalid_argument` for options that
/// exclude each other.
TRACTOR_API task<exit_status> supervise_run_process(process_command command);

/// The same for a nursery: `int pid = co_await tn.start(&start_run_process, command);`
///
/// Hands its pid over once it runs; its failure is an error of the nursery.
TRACTOR_API task<> start_run_process(task_status<int>& status, process_command command);

}  // namespace tractor
