// A program that is driven over a terminal of its own, as a person would.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tractor/harness/process.hpp"
#include "tractor/harness/test_context.hpp"

namespace tractor::harness {

/// What to wait for: a text as it stands, or a regular expression. A value.
class pty_pattern {
 public:
  pty_pattern(const char* text) : text_(text) {}
  pty_pattern(std::string text) : text_(std::move(text)) {}
  pty_pattern(std::regex expression, std::string shown) : text_(std::move(shown)), regex_(expression) {}

  const std::string& text() const noexcept { return text_; }
  /// Where in `all` it stands: begin and length; nothing if it does not.
  std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view all) const;

 private:
  std::string text_;
  std::optional<std::regex> regex_;
};

/// What came: which of the patterns, what stood before it, and its text. A value.
class pty_match {
 public:
  std::size_t index = 0;
  std::string before, text;
};

/// None of the patterns came within the bound; the text quotes what came instead.
class pty_timeout : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The program has closed its terminal before one of the patterns came; the text quotes what came instead.
class pty_closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs one program as the leader of a session on a new terminal. Asked for as `pty_session& terminal`.
///
/// What the program writes comes without colours and cursor movements, lines ending in `\n`, unless `raw` is
/// called first; `TERM` is `dumb` unless the command says otherwise. Waits block the thread, up to their
/// bound times the run's `--timeout-scale`. At the end of the test the program and all its descendants are
/// killed; a test that has failed prints what the terminal showed. Neither copied nor moved.
class pty_session {
 public:
  static pty_session provide(test_context&) { return pty_session(); }
  pty_session(const pty_session&) = delete;
  pty_session& operator=(const pty_session&) = delete;
  ~pty_session();

  /// Leaves the sequences that steer a terminal in what is matched.
  pty_session& raw() { return raw_ = true, *this; }
  /// Starts the program; the one before is killed. Throws `std::system_error` if it cannot start.
  void start(command what, unsigned short columns = 80, unsigned short rows = 24);

  /// Waits for the first place, behind the last match, where one of the patterns stands; of several that
  /// begin there, the first of the list. Throws `pty_timeout` and `pty_closed`.
  pty_match expect(std::initializer_list<pty_pattern> patterns,
                   std::chrono::nanoseconds bound = std::chrono::seconds(10));
  /// The same for one pattern; yields what stood before it.
  std::string expect(const pty_pattern& pattern, std::chrono::nanoseconds bound = std::chrono::seconds(10));

  /// Types a text; throws `pty_closed` if nobody reads it any more, `pty_timeout` if the program does not for
  /// 10 s.
  void send(std::string_view text);
  void send_line(std::string_view text) { send(std::string(text) + "\r"); }
  /// Types a control character: `send_control('c')` is Ctrl-C.
  void send_control(char letter) { send(std::string(1, static_cast<char>(letter & 0x1f))); }
  /// Changes the size of the window, which the program hears of.
  void resize(unsigned short columns, unsigned short rows);

  /// Waits until the program has ended. Throws `pty_timeout`.
  exit_status wait(std::chrono::nanoseconds bound = std::chrono::seconds(10));
  /// The running or ended program. Throws `std::logic_error` before `start`.
  subprocess& program();
  /// All that came since `start`, matched or not.
  const std::string& transcript();

 private:
  pty_session() = default;
  bool raw_ = false;
  std::unique_ptr<subprocess> program_;
  std::string shown_;        // as it is matched
  std::size_t matched_ = 0;  // how much of it is behind the last match
};

}  // namespace tractor::harness
