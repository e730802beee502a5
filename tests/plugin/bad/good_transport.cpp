#include "sample_transport.hpp"

namespace {

class other_base {
 public:
  virtual ~other_base() = default;
  int ballast = 7;
};

// The interface is not the first base: a descriptor that hands out the wrong pointer would be noticed.
class encrypting : public other_base, public tractor::test::sample_transport {
 public:
  bool encrypts() const noexcept override { return ballast == 7; }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, encrypting>("sample", "sample_alias,probe", "1.2",
                                                             "carries nothing, for tests");
