#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <utility>

#include "process_table.hpp"

namespace tractor::harness::detail {

namespace {

std::string elapsed(std::chrono::steady_clock::time_point since) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
  return text;
}

std::string text_of_tree(int pid) {
  std::string out;
  for (const process_info& each : descendants_of(pid))
    out += std::string(2 + 2 * each.depth, ' ') + std::to_string(each.pid) + " " + each.what.substr(0, 100) +
           "\n";
  return out;
}

/// As much of `text` as a terminal shows without scrolling, and how many lines that is.
std::pair<std::string, std::size_t> fitted(const std::string& text) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 3)
    size = {24, 80, 0, 0};
  std::string out;
  std::size_t count = 0;
  std::istringstream in(text);
  for (std::string line; count + 2 < size.ws_row && std::getline(in, line); ++count)
    out += line.substr(0, size.ws_col - 1u) + "\n";
  return {out, count};
}

}  // namespace

std::string progress_text(const run_state& state) {
  std::string out = std::to_string(state.done) + " of " + std::to_string(state.all) + " done, " +
                    std::to_string(state.failed) + " failed\n";
  for (const running_test& each : state.running)
    out += "  " + each.name + " " + elapsed(each.since) + "\n" + text_of_tree(each.pid);
  return out;
}

progress_watch::progress_watch(std::function<run_state()> look, std::chrono::milliseconds every)
    : look_(std::move(look)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      thread_([this, every] { loop(every); }) {}

progress_watch::~progress_watch() {
  {
    const std::scoped_lock guard(lock_);
    over_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void progress_watch::loop(std::chrono::milliseconds every) {
  std::unique_lock guard(lock_);
  do {
    guard.unlock();
    show(progress_text(look_()));
    guard.lock();
  } while (!wake_.wait_for(guard, every, [this] { return over_; }));
  if (terminal_) std::fputs("\033[J", stderr);
}

// On a terminal it is written below the place where the next result will stand.
void progress_watch::show(const std::string& text) {
  if (terminal_) {
    const auto [shown, lines] = fitted(text);
    std::fprintf(stderr, "\033[J%s\033[%zuA", shown.c_str(), lines);
  } else {
    std::fputs(text.c_str(), stderr);
  }
  std::fflush(stderr);
}

}  // namespace tractor::harness::detail
