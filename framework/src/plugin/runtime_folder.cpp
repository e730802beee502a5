#include "tractor/plugin/runtime_folder.hpp"

#include <unistd.h>

#include <cstdlib>

namespace tractor {

std::string runtime_folder() {
  const char* given = std::getenv("XDG_RUNTIME_DIR");
  if (!given || *given != '/') return "/tmp/tractor-" + std::to_string(::geteuid());
  std::string base = given;
  while (base.size() > 1 && base.back() == '/') base.pop_back();
  return base == "/" ? "/tractor" : base + "/tractor";
}

}  // namespace tractor
