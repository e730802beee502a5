#include "other_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "rule.hpp"
#include "tractor/async/async.hpp"

namespace tractor::conformance {

report_pipe::report_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
}

void report_pipe::tell(const std::string& line) {
  const std::string text = line + '\n';
  if (::write(write_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::system_error(errno, std::generic_category(), "write to a pipe");
}

std::string report_pipe::read_to(char last) {
  write_.reset();
  std::string all;
  for (char c = 0; ::read(read_.get(), &c, 1) == 1 && c != last;) all += c;
  return all;
}

other_process::other_process(const std::function<task<>(report_pipe&)>& life) : pid_(::fork()) {
  require(pid_ >= 0, "this process cannot fork");
  if (pid_ > 0) {
    running_ = true;
    return;
  }
  try {
    run_loop([&]() -> task<> { co_await life(told_); });
  } catch (...) {
  }
  ::_exit(1);
}

std::string other_process::next_line() {
  std::string line = told_.read_to('\n');
  require(!line.empty(), "another process, which does the same, fails");
  return line;
}

void other_process::kill() noexcept {
  if (!running_) return;
  running_ = false;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace tractor::conformance
