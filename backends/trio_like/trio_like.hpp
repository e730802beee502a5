// Starts a child as a fresh run of this program: posix_spawn of /proc/self/exe.
#pragma once

#include <memory>
#include <string>

#include "tractor/plugin/spawn_backend.hpp"

namespace tractor {

/// The backend `trio_like`. Needs no preparation and has no helper processes.
class trio_like final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override {
    return spawn_capability::fresh_exec | spawn_capability::debugger;
  }
  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override;
  leftovers scan() const override;
  reap_report reap(const leftovers& found, std::chrono::milliseconds grace) override;
};

}  // namespace tractor
