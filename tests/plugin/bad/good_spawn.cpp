#include "tractor/plugin/descriptor.hpp"

namespace {

class sample : public tractor::spawn_backend {
 public:
  tractor::spawn_capability caps() const noexcept override {
    return tractor::spawn_capability::fork | tractor::spawn_capability::batch;
  }
  tractor::task<std::unique_ptr<tractor::child_process>> spawn(const tractor::spawn_request&) override {
    co_return nullptr;
  }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, sample>("sample", "", "1.0",
                                                             "starts nothing, for tests");
