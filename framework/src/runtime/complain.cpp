#include "runtime/complain.hpp"

#include <unistd.h>

#include <string>

#include "log/bounded_write.hpp"

namespace tractor::detail {

void complain(std::string_view text) {
  std::string line = "tractor: ";
  line.append(text).append("\n");
  log::detail::write_bounded(STDERR_FILENO, line);
}

}  // namespace tractor::detail
