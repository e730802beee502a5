// A descriptor that is shorter than ours, as one of an older kernel would be.
#include <cstdint>

extern "C" {
struct short_descriptor {
  std::uint32_t magic;
  std::uint32_t size;
  char abi[40];
};
__attribute__((visibility("default"))) extern const short_descriptor tractor_plugin;
const short_descriptor tractor_plugin = {0x4c505254, 48, "tractor-0"};
}
