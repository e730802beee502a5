#include "runtime/complain.hpp"

#include <unistd.h>

#include <string>

#include "log/bounded_write.hpp"
#include "log/text.hpp"

namespace tractor::detail {

void complain(std::string_view text) {
  std::string line = "tractor: ";
  log::detail::append_escaped(line, text, "\n");
  line += '\n';
  log::detail::write_bounded(STDERR_FILENO, line);
}

}  // namespace tractor::detail
