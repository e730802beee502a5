// Actors that die, stop, or lose a connection at a named point of their lives.
#pragma once

#include <string>
#include <vector>

#include "tractor/harness/test_context.hpp"
#include "tractor/runtime/failure_point.hpp"

namespace tractor::harness {

namespace detail {

/// What the `nemesis` and the `break_ipc` of one test have planned. Neither copied nor moved.
///
/// Sets `TRACTOR_NEMESIS` while it lives. The destructor fails the test if a strike never came: a test that
/// passes without it proves nothing.
class strike_plan {
 public:
  static strike_plan provide(test_context& context);
  strike_plan(const strike_plan&) = delete;
  strike_plan& operator=(const strike_plan&) = delete;
  ~strike_plan();

  /// Adds a line; throws `std::invalid_argument` for a `time` below 1 or an actor without a name.
  void add(const std::string& kind, failure_point at, int time, const std::string& who);
  /// The pids of those struck so far, in the order of the plan.
  std::vector<pid_t> struck() const;

 private:
  explicit strike_plan(test_context& context);
  pid_t struck_by(std::size_t line) const;

  std::string folder_;
  std::vector<std::string> lines_;
};

}  // namespace detail

/// Kills or stops actors at named points. Copies share the plan.
///
/// An actor is named, or `#3` is the third to boot in this test. What is planned holds for actors that boot
/// after that, each strike for the first that comes there: one that is started again goes on. A strike that
/// never comes fails the test.
class nemesis {
 public:
  static nemesis provide(test_context& context) { return nemesis(context.get<detail::strike_plan>()); }

  /// SIGKILLs the actor when it passes `at` for the `time`-th time.
  void kill(const std::string& actor, failure_point at, int time = 1) const {
    plan_->add("kill", at, time, actor);
  }
  /// SIGSTOPs it there: it lives, and does not answer.
  void stop(const std::string& actor, failure_point at, int time = 1) const {
    plan_->add("stop", at, time, actor);
  }
  /// The processes struck so far, by `break_ipc` too, in the order of the plan.
  std::vector<pid_t> struck() const { return plan_->struck(); }

 private:
  explicit nemesis(detail::strike_plan& plan) : plan_(&plan) {}
  detail::strike_plan* plan_;
};

/// Breaks one connection of an actor as its `message`-th message arrives, over whichever. Copies share the
/// plan; the rest is as in `nemesis`.
class break_ipc {
 public:
  static break_ipc provide(test_context& context) { return break_ipc(context.get<detail::strike_plan>()); }

  /// Closes it, the message unread.
  void cut(const std::string& actor, int message = 1) const {
    plan_->add("cut", failure_point::message, message, actor);
  }
  /// Ends the actor's own direction once what it says in that turn is sent; it reads on until it next says
  /// something.
  void half_close(const std::string& actor, int message = 1) const {
    plan_->add("half-close", failure_point::message, message, actor);
  }

 private:
  explicit break_ipc(detail::strike_plan& plan) : plan_(&plan) {}
  detail::strike_plan* plan_;
};

}  // namespace tractor::harness
