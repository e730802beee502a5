// Starts a child as a copy of a clean process: the zygote that each actor forks before anything else.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tractor/plugin/spawn_backend.hpp"
#include "zygote_link.hpp"

namespace tractor {

namespace fork_spawn_detail {
class birth;
}

/// The backend `fork_spawn`.
///
/// Requests of several tasks may be under way at once. Session, user and group of a child are those that the
/// actor had at `prepare`; to start one after a change of these is an error.
class fork_spawn final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override {
    return spawn_capability::fork | spawn_capability::batch | spawn_capability::debugger;
  }
  void prepare(const boot_info& boot) override { link_.start(boot); }
  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override;
  task<std::vector<std::unique_ptr<child_process>>> spawn_batch(
      std::span<const spawn_request> requests) override;
  std::vector<int> helper_pids() const override;
  void shutdown() noexcept override { link_.stop(); }
  leftovers scan() const override;
  reap_report reap(const leftovers& found, std::chrono::milliseconds grace) override;

 private:
  using birth = fork_spawn_detail::birth;
  task<> submit(const spawn_request& request, birth& into);
  task<> collect(birth& from);
  void conclude(birth& from, bool answered);

  fork_spawn_detail::zygote_link link_;
};

}  // namespace tractor
