// A descriptor one of whose aliases could be no key.
#include "sample_transport.hpp"

namespace {

consteval tractor_plugin_descriptor spoilt() {
  auto out = tractor::describe_plugin<tractor::transport, tractor::test::sample_transport>(
      "misnamed", "fine,bad", "1.0", "");
  out.aliases[5] = 'B';
  return out;
}

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin = spoilt();
