// Other programs under test: started in a group of their own, watched, and ended whole.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tractor::harness {

/// What to run. A value; setters return itself.
class command {
 public:
  explicit command(std::string program) { words_.push_back(std::move(program)); }

  template <class... Words> command& arg(const Words&... words) {
    (words_.emplace_back(words), ...);
    return *this;
  }
  /// Sets a variable over those of this process.
  command& env(std::string name, std::string value) {
    return env_.emplace_back(std::move(name), std::move(value)), *this;
  }
  command& working_directory(std::string path) { return folder_ = std::move(path), *this; }
  /// Leaves it the standard streams and the group of this process, so that it may use the terminal: `out()`
  /// and `err()` stay empty, and what outlives it is not known by its group.
  command& foreground() { return foreground_ = true, *this; }

  /// Gives it a new terminal of this size in place of pipes, as the leader of a session: `out()` is what the
  /// terminal shows, `err()` stays empty, `write` types. See `pty_session`.
  command& terminal(unsigned short columns, unsigned short rows) {
    return terminal_.emplace(columns, rows), *this;
  }
  /// Keeps no more than so many bytes of each stream, the first half and the last; default: all.
  command& keep_output(std::size_t most) { return most_output_ = most, *this; }

  const std::vector<std::string>& words() const noexcept { return words_; }
  const std::vector<std::pair<std::string, std::string>>& env() const noexcept { return env_; }
  const std::string& working_directory() const noexcept { return folder_; }
  bool is_foreground() const noexcept { return foreground_; }
  const std::optional<std::pair<unsigned short, unsigned short>>& terminal() const noexcept {
    return terminal_;
  }
  std::size_t most_output() const noexcept { return most_output_; }
  /// The words with spaces between, for messages.
  std::string text() const;

 private:
  std::vector<std::string> words_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::string folder_;
  bool foreground_ = false;
  std::optional<std::pair<unsigned short, unsigned short>> terminal_;
  std::size_t most_output_ = std::numeric_limits<std::size_t>::max();
};

/// How a program ended. A value.
class exit_status {
 public:
  explicit exit_status(int wait_status) : raw_(wait_status) {}
  /// True for an exit with code 0.
  bool ok() const noexcept { return raw_ == 0; }
  std::optional<int> code() const noexcept;
  std::optional<int> signal() const noexcept;
  /// `exit code 3` or `signal 9 (Killed)`.
  std::string text() const;

 private:
  int raw_;
};

/// A running program that leads a process group; its stdout and stderr are kept in memory, its stdin is
/// empty (but see `command::foreground`).
///
/// It has the environment of this process but for `GTEST_*`: it is no shard of this run. Works without a
/// loop: its waits block the thread, and have a bound. The destructor kills the program with all its
/// descendants and reaps those that are ours. Throws `std::system_error` from the constructor if it cannot
/// start. Neither copied nor moved.
class subprocess {
 public:
  explicit subprocess(const command& what);
  subprocess(const subprocess&) = delete;
  subprocess& operator=(const subprocess&) = delete;
  ~subprocess();

  pid_t pid() const noexcept { return pid_; }
  /// Waits until the program itself has ended; yields nothing if `bound` passes first.
  std::optional<exit_status> wait(std::chrono::nanoseconds bound);
  /// Waits until it has written something, ended, or closed what it writes to; false if `bound` passes first.
  bool wait_for_more(std::chrono::nanoseconds bound);
  /// Types at its terminal; blocks while its line is full. Throws `std::system_error` if it has none, if
  /// nobody reads there any more, or, with ETIMEDOUT, if nobody has read within `bound`.
  void write(std::string_view text, std::chrono::nanoseconds bound = std::chrono::seconds(10));
  /// Changes the size of its terminal, which it hears of; throws like `write`.
  void resize(unsigned short columns, unsigned short rows);
  /// True until it and all its descendants have closed what they write to.
  bool writes() const noexcept { return out_fd_ >= 0 || err_fd_ >= 0; }
  /// Waits until `text` stands in stdout or stderr; false if the program ends or `bound` passes first.
  bool wait_for_output(const std::string& text, std::chrono::nanoseconds bound);
  /// Sends a signal to the program only.
  void signal(int number);
  /// Sends a signal to the program and each of its descendants, whatever their groups.
  void signal_tree(int number);
  /// SIGKILL to the program and all its descendants; reaps what is ours.
  void kill_tree();
  /// The living descendants of the program, itself excepted; when it has ended, those of its group that
  /// outlived it.
  std::vector<pid_t> descendants() const;
  /// Waits until there are none; false if `bound` passes first.
  bool wait_for_descendants(std::chrono::nanoseconds bound) const;

  /// What it wrote so far.
  const std::string& out();
  const std::string& err();
  std::optional<exit_status> status() const noexcept { return status_; }

 private:
  void start_on_terminal(const command& what);
  bool belongs(pid_t pid) const noexcept;
  void drain(std::chrono::nanoseconds bound);
  void read_available();
  bool try_reap();

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int out_fd_ = -1, err_fd_ = -1;
  std::size_t most_output_;
  std::string out_, err_;
  std::optional<exit_status> status_;
};

}  // namespace tractor::harness
