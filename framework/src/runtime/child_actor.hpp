// The supervision of one child: spawn, boot, watch, end, reap.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/actor_runtime.hpp"
#include "runtime/boot_record.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/runtime/actor_nursery.hpp"

namespace tractor::detail {

class child_actor : public std::enable_shared_from_this<child_actor> {
 public:
  child_actor(actor_nursery& nursery, std::string name, actor_options options,
              std::shared_ptr<run_once_state> once);
  child_actor(const child_actor&) = delete;
  child_actor& operator=(const child_actor&) = delete;

  /// The whole life of the child, as one task of the nursery; hands over the portal once it has booted.
  task<> run(const std::function<void(portal)>& booted);
  const actor_id& id() const noexcept { return id_; }
  /// What its options say, or what a child of its kind does.
  lifetime lives() const noexcept {
    return options_.lives().value_or(once_ ? lifetime::until_result : lifetime::forever);
  }

  /// What its nursery runs it in: cancelling it ends this child alone.
  cancel_scope life;
  bool has_booted = false;

 private:
  bool debug_mode() const { return options_.debug_mode().value_or(runtime_.debug_mode()); }
  task<> live(task_nursery& tasks, const std::function<void(portal)>& booted);
  task<> watch_exit();
  task<> boot();
  void prepare(spawn_request& request);
  task<> wait_connected();
  std::vector<address> registrars_of_child() const;
  void send_spec();
  task<> introduce();
  task<> attend();
  task<> watch_link();
  task<> run_once();
  task<> end(bool hard);
  task<> clean_up_after_death();
  task<bool> exits_within(duration bound);
  static task<std::exception_ptr> explain_end(std::shared_ptr<child_actor> self);
  void detach() noexcept;
  std::exception_ptr death(bool booting);
  /// What a caller is told whose call has neither a result nor an error.
  std::exception_ptr ended_early();
  std::string stderr_tail() const;
  [[noreturn]] void fail_exit(bool booting);

  actor_nursery& nursery_;
  actor_runtime& runtime_;
  const actor_options options_;
  std::shared_ptr<run_once_state> once_;
  actor_id id_;
  expected_child expected_;
  owned_fd boot_socket_, boot_stderr_, null_, childs_socket_;
  std::unique_ptr<child_process> process_;
  cancel_scope watch_{time_point::max(), true};  // of the task that waits for the process
  exit_status status_;
  std::exception_ptr lost_;  // why the end of the process cannot be known
  event exited_;
  std::exception_ptr death_;
  std::vector<std::string> transports_;
};

}  // namespace tractor::detail
