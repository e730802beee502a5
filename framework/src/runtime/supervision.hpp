// The engine of a supervisor: which children are up, which are to be started again, when and in what order.
//
// It knows nothing of processes: a life is whatever `child_life` says, so that the rules can be tested
// without any.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tractor/async/condition.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/runtime/supervisor.hpp"

namespace tractor::detail {

class supervision;

/// One life of a supervised child, from its boot to its end. Run once.
class child_life {
 public:
  virtual ~child_life() = default;
  /// Boots, hands over the portal, lives, ends. Throws why it failed; a cancel ends it in order.
  virtual task<> run(const std::function<void(portal)>& booted) = 0;
  /// Empty before it has come to be.
  virtual actor_id who() const = 0;
  /// The encoded result of its call, if it makes one.
  virtual msg::byte_view value() const noexcept = 0;
};

/// The children that an end may take along, in the order of their start.
class restart_group {
 public:
  std::vector<std::shared_ptr<supervised>> members;
  bool busy = false;      // somebody restarts members, or is about to
  bool starting = false;  // all that must give way has done so
  condition changed;
};

/// A child through all of its lives: shared by the engine and the handles, which outlive that.
class TRACTOR_API supervised {
 public:
  supervised(std::string name, lifetime lives, restart_type restart,
             std::function<std::unique_ptr<child_life>()> begin)
      : name(std::move(name)), lives(lives), restart(restart), begin(std::move(begin)) {}

  const std::string name;
  const lifetime lives;
  const restart_type restart;
  const std::function<std::unique_ptr<child_life>()> begin;

  supervision* owner = nullptr;  // while that exists
  std::shared_ptr<restart_group> group;
  std::size_t number = 0;
  child_state state = child_state::starting;
  std::unique_ptr<child_life> life;
  cancel_scope* scope = nullptr;  // of the present life
  portal present;
  time_point up_since, due;
  std::size_t restarts = 0, failures_in_a_row = 0;
  bool born = false;        // it has booted once
  bool wanted = true;       // nobody has asked for its end
  bool gives_way = false;   // it is being ended to be started again
  bool has_result = false;  // its function has returned
  std::exception_ptr error;
  msg::buffer value;
  condition changed;
};

class TRACTOR_API supervision {
 public:
  /// `who` names the supervisor's actor in the text of an escalation.
  supervision(const supervisor_options& options, std::string who);
  ~supervision();
  supervision(const supervision&) = delete;
  supervision& operator=(const supervision&) = delete;

  /// Lives and restarts are tasks of this nursery, which the engine outlives.
  void enter(task_nursery& tasks) noexcept { tasks_ = &tasks; }
  /// Starts a child for the first time. A checkpoint. Throws what its boot throws.
  task<> add(std::shared_ptr<supervised> child);
  /// Ends a child for good.
  void stop(supervised& child) noexcept;
  /// The body has returned: waits for what is to be waited for and ends the rest, in the background.
  void leave_soon();

  std::size_t child_count() const noexcept;
  std::vector<restart_record> history() const { return {history_.begin(), history_.end()}; }

 private:
  task<std::exception_ptr> begin_life(std::shared_ptr<supervised> child);
  task<> live(task_status<>& status, std::shared_ptr<supervised> child);
  void life_over(supervised& child, std::exception_ptr error, bool cut);
  void failed(supervised& child, std::exception_ptr why);
  void note(restart_record record);
  void finish(supervised& child, std::exception_ptr error) noexcept;
  void restart_soon(const std::shared_ptr<restart_group>& group);
  task<> restart(std::shared_ptr<restart_group> group);
  std::size_t first_to_restart(const restart_group& group) const noexcept;
  bool covered(const supervised& child) const noexcept;
  task<> give_way(restart_group& group, std::size_t from);
  task<bool> wait_until_due(restart_group& group, std::size_t from);
  task<> start_again(restart_group& group, std::size_t from);
  task<bool> start_again(std::shared_ptr<supervised> child);
  task<> leave();
  bool grouped() const noexcept;
  void forget_ended();

  const supervisor_options options_;
  const std::string who_;
  restart_backoff backoff_;
  task_nursery* tasks_ = nullptr;
  std::shared_ptr<restart_group> all_;  // where the end of one means something for the others
  std::vector<std::shared_ptr<supervised>> children_;
  std::size_t next_number_ = 0;
  std::deque<time_point> recent_;  // restarts within the period
  std::deque<restart_record> history_;
  std::size_t forgotten_ = 0;
  std::exception_ptr escalation_;
  condition child_ended_;
  bool left_ = false;
};

}  // namespace tractor::detail
