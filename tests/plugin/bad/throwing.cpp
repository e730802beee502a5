// Cannot be created.
#include <stdexcept>

#include "sample_transport.hpp"

namespace {

class throwing : public tractor::test::sample_transport {
 public:
  throwing() { throw std::runtime_error("no such device"); }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, throwing>("throwing", "", "1.0", "");
