#include "runtime/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace tractor::detail {

// In this order, an open takes the number that is missing.
void open_standard_streams() noexcept {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return;
}

}  // namespace tractor::detail
