// Exports the right name with something else behind it.
#include "sample_transport.hpp"

namespace {

consteval tractor_plugin_descriptor spoilt() {
  auto out =
      tractor::describe_plugin<tractor::transport, tractor::test::sample_transport>("magic", "", "1.0", "");
  out.magic = 0x12345678;
  return out;
}

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin = spoilt();
