// A terminal that shows a text which changes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace tractor::cli {

/// Takes the terminal over; the destructor gives it back as it was. One at a time.
class live_screen {
 public:
  /// Throws `std::runtime_error` if stdout is a terminal that cannot be steered.
  live_screen();
  live_screen(const live_screen&) = delete;
  live_screen& operator=(const live_screen&) = delete;
  ~live_screen();

  enum class wish { go_on, quit };

  /// Shows the text's lines, the first of them always, and waits for `until_next` or for what a person wants:
  /// q and Ctrl-C end, arrows and page keys scroll.
  wish show(const std::string& text, std::chrono::milliseconds until_next);

 private:
  struct terminal;
  std::unique_ptr<terminal> terminal_;
};

}  // namespace tractor::cli
