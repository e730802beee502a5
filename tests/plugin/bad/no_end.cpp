// A descriptor whose key has no end.
#include "sample_transport.hpp"

namespace {

consteval tractor_plugin_descriptor spoilt() {
  auto out =
      tractor::describe_plugin<tractor::transport, tractor::test::sample_transport>("endless", "", "1.0", "");
  for (char& c : out.key) c = 'x';
  return out;
}

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin = spoilt();
