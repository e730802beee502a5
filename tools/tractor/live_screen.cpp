#include "live_screen.hpp"

#define NCURSES_NOMACROS
#include <curses.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tractor::cli {

struct live_screen::terminal {
  SCREEN* screen = nullptr;
  int first = 0;  // of the lines that scroll
  int count = 0;

  int room() const { return std::max(LINES - 1, 1); }
  void scroll_by(int lines) { first = std::clamp(first + lines, 0, std::max(count - room(), 0)); }
};

live_screen::live_screen() : terminal_(std::make_unique<terminal>()) {
  std::setlocale(LC_ALL, "");
  terminal_->screen = ::newterm(nullptr, stdout, stdin);
  if (!terminal_->screen) {
    const char* const name = std::getenv("TERM");
    throw std::runtime_error("cannot steer this terminal (TERM is '" + std::string(name ? name : "") +
                             "'): set TERM, or use --once");
  }
  ::raw();  // Ctrl-C comes as a key, so that the terminal is given back
  ::noecho();
  ::keypad(stdscr, TRUE);
  ::curs_set(0);
}

live_screen::~live_screen() {
  ::endwin();
  ::delscreen(terminal_->screen);
}

live_screen::wish live_screen::show(const std::string& text, std::chrono::milliseconds until_next) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  terminal_->count = std::max(static_cast<int>(lines.size()) - 1, 0);
  const auto until = std::chrono::steady_clock::now() + until_next;
  for (;;) {
    terminal_->scroll_by(0);
    ::erase();
    for (int row = 0; row < std::min(terminal_->count + 1, LINES); ++row)
      ::mvaddnstr(row, 0, lines[static_cast<std::size_t>(row == 0 ? 0 : row + terminal_->first)].c_str(),
                  COLS);
    ::refresh();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return wish::go_on;
    ::timeout(static_cast<int>(left.count()));
    constexpr int control_c = 3;
    switch (::getch()) {
      case 'q':
      case control_c:
        return wish::quit;
      case KEY_UP:
        terminal_->scroll_by(-1);
        break;
      case KEY_DOWN:
        terminal_->scroll_by(1);
        break;
      case KEY_PPAGE:
        terminal_->scroll_by(-terminal_->room());
        break;
      case KEY_NPAGE:
        terminal_->scroll_by(terminal_->room());
        break;
      case ERR:  // nobody types, or nobody can: stdin may be no terminal
        std::this_thread::sleep_until(until);
        break;
      default:
        break;
    }
  }
}

}  // namespace tractor::cli
