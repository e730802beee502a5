#include "written.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tractor::tools {

void open_missing_stdout() noexcept {
  if (::fcntl(STDOUT_FILENO, F_GETFD) >= 0) return;
  // Nothing fits in there. The number is the lowest that is free if stdin is open.
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0 || full == STDOUT_FILENO) return;
  ::dup2(full, STDOUT_FILENO);
  ::close(full);
}

int written(const char* program, int code) noexcept {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0;
  if (!failed && std::ferror(stdout) == 0) return code;
  const char* const why = errno != 0 ? std::strerror(errno) : "an error of its output";
  std::fprintf(stderr, "%s: its output is not written: %s\n", program, why);
  return 1;
}

}  // namespace tractor::tools
