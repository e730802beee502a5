#include <cstdlib>

#include "sample_transport.hpp"

namespace {

// Carries nothing either; says what it goes round.
class framed final : public tractor::test::sample_transport {
 public:
  framed(tractor::transport& inner, std::string key) : inner_(inner), key_(std::move(key)) {}
  tractor::address default_registry() const override {
    return {key_, "/frame" + inner_.default_registry().text()};
  }

 private:
  tractor::transport& inner_;
  std::string key_;
};

class framing final : public tractor::transport_decorator {
 public:
  std::unique_ptr<tractor::transport> wrap(tractor::transport& inner, std::string key) override {
    if (std::getenv("TRACTOR_TEST_NO_FRAMES")) throw std::runtime_error("no frames today");
    return std::make_unique<framed>(inner, std::move(key));
  }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport_decorator, framing>("frame", "edge", "1.0",
                                                                    "goes round, for tests");
