// A supervisor's engine with lives that are no processes, for tests under the jumping clock.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../async/support.hpp"
#include "runtime/supervision.hpp"

namespace tractor::testing {

using namespace tractor::detail;

/// What happens to the actors of one test, and what they were seen to do.
class stage {
 public:
  /// `a+` booted, `a-` was ended, `a!` failed, `a.` returned, `a?` died in its boot.
  std::string script;
  std::map<std::string, int> boots_that_fail;
  std::map<std::string, duration> boot_time, end_time;
  std::map<std::string, std::vector<duration>> boots;  // when, counted from the start of the test
  time_point began = current_time();

  /// Ends the life of an actor now; with an error, or as if its function returned.
  void fail(const std::string& name) { end(name, '!'); }
  void give_result(const std::string& name) { end(name, '.'); }

  task<> live(std::string name, const std::function<void(portal)>& booted) {
    co_await sleep(boot_time[name]);
    boots[name].push_back(current_time() - began);
    if (boots_that_fail[name] > 0) {
      --boots_that_fail[name];
      say(name, '?');
      throw std::runtime_error(name + " is stillborn");
    }
    say(name, '+');
    booted(portal());
    std::exception_ptr cut;
    try {
      while (!fates_.contains(name)) co_await changed_.wait();
    } catch (...) {
      cut = std::current_exception();
    }
    if (cut) {
      co_await shielded(sleep(end_time[name]));
      say(name, '-');
      std::rethrow_exception(cut);
    }
    const char fate = fates_.extract(name).mapped();
    say(name, fate);
    if (fate == '!') throw std::runtime_error(name + " failed");
  }

 private:
  void say(const std::string& name, char what) { script += (script.empty() ? "" : " ") + name + what; }
  void end(const std::string& name, char how) {
    fates_[name] = how;
    changed_.notify_all();
  }
  std::map<std::string, char> fates_;
  condition changed_;
};

class acted_life final : public child_life {
 public:
  acted_life(stage& on, std::string name) : on_(on), name_(std::move(name)) {}
  task<> run(const std::function<void(portal)>& booted) override { return on_.live(name_, booted); }
  actor_id who() const override { return actor_id(name_, "uuid-of-" + name_, 1); }
  msg::byte_view value() const noexcept override { return {}; }

 private:
  stage& on_;
  std::string name_;
};

/// The engine and the stage of one test.
class company {
 public:
  company(const supervisor_options& options) : engine(options, "tester@1") {}

  task<supervised_child> hire(std::string name, lifetime lives = lifetime::until_nursery_ends,
                              restart_type restart = restart_type::permanent) {
    auto begin = [this, name]() -> std::unique_ptr<child_life> {
      return std::make_unique<acted_life>(scene, name);
    };
    auto child = std::make_shared<supervised>(name, lives, restart, std::move(begin));
    co_await engine.add(child);
    co_return supervised_child(child);
  }
  task<> hire_all(std::string names) {
    for (const char each : names) co_await hire(std::string(1, each));
  }
  /// Waits until the script reads so; the test fails if it never does.
  task<> script_is(std::string wanted) {
    auto reads = [&]() -> task<> {
      while (scene.script != wanted) co_await sleep(1ms);
    };
    auto in_time = co_await move_on_after(1h, reads);
    if (!in_time) ADD_FAILURE() << "wanted " << wanted << "\nand is " << scene.script;
  }

  stage scene;
  supervision engine;
};

/// Runs `body(company&, task_nursery&)` in a supervisor's place, and leaves as that does.
template <class F> void supervise(const supervisor_options& options, F body) {
  run([&]() -> task<> {
    company all(options);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      all.engine.enter(tn);
      co_await body(all, tn);
      all.engine.leave_soon();
    });
  });
}

inline supervisor_options at_once(supervisor_options options) {
  options.backoff(restart_backoff::none());
  return options;
}

/// The escalation that `work` ends with.
template <class F> too_many_restarts escalation_of(F&& work) {
  try {
    work();
  } catch (const too_many_restarts& error) {
    return error;
  }
  ADD_FAILURE() << "there was no escalation";
  return too_many_restarts("none");
}

}  // namespace tractor::testing
