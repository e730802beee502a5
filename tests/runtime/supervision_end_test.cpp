// How supervised children end for good, and what a supervisor waits for.
#include "company.hpp"

namespace supervision_end_test {

using namespace tractor;
using namespace tractor::testing;

TEST(supervision_end, a_cancel_while_a_child_waits_for_its_restart_ends_everything_at_once) {
  run([]() -> task<> {
    company all(one_for_one().backoff(restart_backoff(1h, 1h)));
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      all.engine.enter(tn);
      auto child = co_await all.hire("a");
      all.scene.fail("a");
      co_await sleep(1s);
      EXPECT_EQ(child.state(), child_state::waiting);
      tn.scope().cancel();
    });
    EXPECT_EQ(current_time() - all.scene.began, 1s);
    EXPECT_EQ(all.scene.script, "a+ a!");
  });
}

TEST(supervision_end, a_cancel_while_a_child_boots_again_ends_everything_at_once) {
  std::optional<supervised_child> child;
  run([&]() -> task<> {
    company all(at_once(one_for_all()));
    time_point cancelled_at;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      all.engine.enter(tn);
      co_await all.hire_all("ab");
      auto last = co_await all.hire("c");
      child.emplace(std::move(last));
      all.scene.boot_time["b"] = 1h;
      all.scene.fail("c");
      co_await sleep(1s);
      EXPECT_EQ(all.scene.script, "a+ b+ c+ c! b- a- a+");
      EXPECT_EQ(child->state(), child_state::waiting);
      cancelled_at = current_time();
      tn.scope().cancel();
    });
    EXPECT_EQ(current_time(), cancelled_at);
    EXPECT_EQ(all.scene.script, "a+ b+ c+ c! b- a- a+ a-");
  });
  // The handle outlives it all.
  EXPECT_EQ(child->state(), child_state::ended);
  EXPECT_EQ(error_of([&] { run([&]() -> task<> { co_await child->portal(); }); }),
            "supervised child 'c' has ended and is not started again");
  child->cancel();
}

TEST(supervision_end, a_handle_ends_its_child_for_good_wherever_that_is_in_its_life) {
  supervise(one_for_one().backoff(restart_backoff(1h, 1h)), [](company& all, task_nursery&) -> task<> {
    auto running = co_await all.hire("a", lifetime::forever);
    auto waiting = co_await all.hire("b", lifetime::forever);
    auto booting = co_await all.hire("c", lifetime::forever);
    running.cancel();
    all.scene.fail("b");
    all.scene.fail("c");
    co_await running.wait();
    EXPECT_EQ(waiting.state(), child_state::waiting);
    waiting.cancel();
    EXPECT_EQ(waiting.state(), child_state::ended);
    all.scene.boot_time["c"] = 2h;
    co_await sleep(90min);
    EXPECT_EQ(booting.state(), child_state::starting);
    booting.cancel();
    co_await booting.wait();
    EXPECT_EQ(all.engine.child_count(), 0u);
    EXPECT_EQ(all.scene.script, "a+ b+ c+ b! c! a-");
  });
}

TEST(supervision_end, a_child_that_is_cancelled_no_longer_holds_up_the_restart_of_others) {
  supervise(rest_for_one().backoff(restart_backoff(1h, 1h).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              auto first = co_await all.hire("a");
              co_await all.hire("b");
              all.scene.fail("a");
              co_await sleep(1s);
              first.cancel();
              co_await all.script_is("a+ b+ a! b- b+");
              EXPECT_LT(all.scene.boots["b"].back(), 1min);
            });
}

TEST(supervision_end, a_portal_is_waited_for_during_a_restart_and_refused_after_the_end) {
  supervise(one_for_one().backoff(restart_backoff(1s, 1s).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              auto child = co_await all.hire("a", lifetime::until_nursery_ends, restart_type::transient);
              co_await child.portal();
              EXPECT_EQ(all.scene.boots["a"].size(), 1u);
              all.scene.fail("a");
              co_await sleep(1ms);
              co_await child.portal();
              EXPECT_EQ(all.scene.boots["a"].size(), 2u);
              EXPECT_GE(current_time() - all.scene.began, 1s);
              all.scene.give_result("a");
              co_await child.wait();
              bool refused = false;
              try {
                co_await child.portal();
              } catch (const runtime_failure& error) {
                refused = true;
              }
              EXPECT_TRUE(refused);
            });
}

TEST(supervision_end, who_waits_for_a_portal_when_it_escalates_hears_of_the_escalation_only) {
  const auto error = escalation_of([] {
    supervise(one_for_one().intensity(0, 1s), [](company& all, task_nursery&) -> task<> {
      auto child = co_await all.hire("a");
      all.scene.fail("a");
      co_await child.wait();
    });
  });
  EXPECT_EQ(error.history().size(), 1u);
}

TEST(supervision_end, is_left_when_results_are_there_and_then_ends_its_daemons) {
  for (const bool dependent : {false, true}) {
    duration took{};
    std::string script;
    run([&]() -> task<> {
      company all(at_once(dependent ? rest_for_one() : one_for_one()));
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        all.engine.enter(tn);
        co_await all.hire_all("ab");
        co_await all.hire("r", lifetime::until_result, restart_type::transient);
        for (const std::string name : {"a", "b"}) all.scene.end_time[name] = 10s;
        tn.start_soon([&]() -> task<> {
          co_await sleep(1s);
          // Still supervised, though the body is gone.
          all.scene.fail("r");
          co_await sleep(1s);
          all.scene.give_result("r");
        });
        all.engine.leave_soon();
      });
      took = current_time() - all.scene.began;
      script = all.scene.script;
    });
    EXPECT_EQ(script, "a+ b+ r+ r! r+ r. b- a-");
    // One after the other where one may need the other, else side by side.
    EXPECT_EQ(took, dependent ? 22s : 12s);
  }
}

TEST(supervision_end, is_held_by_a_child_that_lives_for_ever) {
  run([]() -> task<> {
    company all(at_once(one_for_one()));
    auto held = co_await move_on_after(1h, [&](cancel_scope&) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        all.engine.enter(tn);
        co_await all.hire("d");
        co_await all.hire("e", lifetime::forever);
        all.engine.leave_soon();
      });
    });
    EXPECT_TRUE(held.cancelled_caught());
    EXPECT_EQ(all.scene.script.substr(0, 5), "d+ e+");
    EXPECT_EQ(current_time() - all.scene.began, 1h);
  });
}

TEST(supervision_end, a_child_that_is_added_during_a_restart_waits_for_its_end) {
  supervise(rest_for_one().backoff(restart_backoff(5s, 5s).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              co_await all.hire("a");
              all.scene.fail("a");
              co_await sleep(1s);
              co_await all.hire("b");
              EXPECT_EQ(all.scene.script, "a+ a! a+ b+");
            });
}

TEST(supervision_end, an_error_in_the_body_ends_all_and_is_raised_bare) {
  EXPECT_EQ(error_of([] {
              supervise(one_for_one(), [](company& all, task_nursery&) -> task<> {
                co_await all.hire_all("ab");
                throw std::runtime_error("enough");
              });
            }),
            "enough");
}

}  // namespace supervision_end_test
