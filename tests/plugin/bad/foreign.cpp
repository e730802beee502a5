// Says that it was compiled for another kernel. Its constructor must never run.
#include <cstdlib>

#include "sample_transport.hpp"

namespace {

__attribute__((constructor)) void at_load() { ::setenv("TRACTOR_TEST_FOREIGN_CODE_RAN", "1", 1); }

consteval tractor_plugin_descriptor foreign() {
  auto out =
      tractor::describe_plugin<tractor::transport, tractor::test::sample_transport>("foreign", "", "1.0", "");
  const char other[] = "tractor-1 gcc-4";
  for (char& c : out.abi) c = 0;
  for (unsigned at = 0; at < sizeof other; ++at) out.abi[at] = other[at];
  return out;
}

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin = foreign();
