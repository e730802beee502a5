// Needs a symbol that no library has.
#include "sample_transport.hpp"

void nobody_defines_this();

namespace {

class needy : public tractor::test::sample_transport {
 public:
  needy() { nobody_defines_this(); }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, needy>("unloadable", "", "1.0", "");
