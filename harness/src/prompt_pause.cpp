#include "prompt_pause.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "tractor/harness/open_prompt.hpp"

namespace tractor::harness {
namespace detail {
namespace {

using milliseconds = std::chrono::milliseconds;

// For a handler of a signal, which may not ask the environment.
std::string own_file;

// How long prompts were open; nothing while one is. Async-signal-safe.
std::optional<milliseconds> time_of_prompts(const char* path) noexcept {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return milliseconds(0);
  const bool open = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::int64_t one = 0, all = 0;
  while (!open && ::read(file, &one, sizeof one) == static_cast<ssize_t>(sizeof one)) all += one;
  ::close(file);
  if (open) return std::nullopt;
  return milliseconds(all);
}

}  // namespace

std::string prompt_file_in(const std::string& folder) { return folder + "/prompt"; }

void make_prompt_file(const std::string& folder) {
  own_file = prompt_file_in(folder);
  const owned_fd file(::open(own_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) throw std::system_error(errno, std::generic_category(), "cannot make " + own_file);
  ::setenv(prompt_variable, own_file.c_str(), 1);
}

void forget_prompts() noexcept {
  if (::truncate(own_file.c_str(), 0) != 0) return;  // there is none, then
}

prompt_pause::prompt_pause() noexcept : file_(own_file.c_str()) {}

milliseconds prompt_pause::more() noexcept {
  const std::optional<milliseconds> open = time_of_prompts(file_);
  constexpr milliseconds look_again(50);
  const milliseconds more = open ? std::max(*open - granted_, milliseconds(0)) : look_again;
  granted_ += more;
  return more;
}

}  // namespace detail

open_prompt::open_prompt() {
  const char* const path = ::getenv(detail::prompt_variable);
  if (!path || ::isatty(STDIN_FILENO) != 1)
    throw std::runtime_error("a prompt needs a terminal: run this test alone, with -s");
  file_.reset(::open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
  int locked = -1;
  while (file_ && (locked = ::flock(file_.get(), LOCK_EX)) != 0 && errno == EINTR) {
  }
  if (locked != 0) throw std::runtime_error(std::string("cannot lock ") + path);
  begun_ = std::chrono::steady_clock::now();
}

open_prompt::~open_prompt() {
  const auto open = std::chrono::steady_clock::now() - begun_;
  const std::int64_t time = std::chrono::ceil<std::chrono::milliseconds>(open).count();
  // Whole or not at all: a bound that does not learn of it is no worse than before.
  if (::write(file_.get(), &time, sizeof time) < 0) return;
}

}  // namespace tractor::harness
