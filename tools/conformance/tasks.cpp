#include "tasks.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace tractor::conformance {

few_descriptors::few_descriptors(int count) {
  ::getrlimit(RLIMIT_NOFILE, &before_);
  const int lowest = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  ::close(lowest);
  const rlimit now{static_cast<rlim_t>(lowest + count), before_.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &now);
}

}  // namespace tractor::conformance
