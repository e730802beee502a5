// Config files: any bytes give choices or one settings_error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "tractor/plugin/config.hpp"
#include "tractor/plugin/settings_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("tractor.yaml", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  try {
    tractor::read_config(path);
  } catch (const tractor::settings_error& error) {
    if (!std::string(error.what()).starts_with(path)) std::abort();
  }
  return 0;
}
