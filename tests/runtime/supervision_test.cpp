// Which children a supervisor restarts, when, in what order, and when it gives up.
#include "company.hpp"

namespace supervision_test {

using namespace tractor;
using namespace tractor::testing;

TEST(supervision, one_for_one_restarts_the_failed_child_alone) {
  supervise(at_once(one_for_one()), [](company& all, task_nursery&) -> task<> {
    co_await all.hire_all("abc");
    all.scene.fail("b");
    co_await all.script_is("a+ b+ c+ b! b+");
  });
}

TEST(supervision, rest_for_one_ends_later_children_in_reverse_and_starts_them_in_order) {
  supervise(at_once(rest_for_one()), [](company& all, task_nursery&) -> task<> {
    co_await all.hire_all("abcd");
    all.scene.end_time["d"] = 3s;
    all.scene.boot_time["b"] = 2s;
    all.scene.fail("b");
    co_await all.script_is("a+ b+ c+ d+ b! d- c- b+ c+ d+");
    all.scene.fail("d");
    co_await all.script_is("a+ b+ c+ d+ b! d- c- b+ c+ d+ d! d+");
  });
}

TEST(supervision, one_for_all_ends_all_in_reverse_and_starts_them_in_order) {
  supervise(at_once(one_for_all()), [](company& all, task_nursery&) -> task<> {
    co_await all.hire_all("abc");
    all.scene.fail("b");
    co_await all.script_is("a+ b+ c+ b! c- a- a+ b+ c+");
  });
}

TEST(supervision, one_cancels_all_ends_all_and_raises_the_error_bare) {
  std::string script;
  const std::string error = error_of([&] {
    supervise(supervisor_options(), [&](company& all, task_nursery&) -> task<> {
      co_await all.hire_all("ab");
      all.scene.fail("a");
      std::exception_ptr cut;
      try {
        co_await sleep(1h);
      } catch (...) {
        cut = std::current_exception();
      }
      co_await shielded(sleep(1s));
      script = all.scene.script;
      std::rethrow_exception(cut);
    });
  });
  EXPECT_EQ(error, "a failed");
  EXPECT_EQ(script, "a+ b+ a! b-");
}

TEST(supervision, waits_before_each_restart_as_its_backoff_says) {
  const auto waits = restart_backoff(1s, 6s).jitter(0.5).seed(11);
  supervise(one_for_one().backoff(waits).intensity(100, 1h), [&](company& all, task_nursery&) -> task<> {
    co_await all.hire("first");
    auto child = co_await all.hire("second");
    duration at = 0s;
    for (std::size_t failures = 1; failures <= 5; ++failures) {
      all.scene.fail("second");
      co_await checkpoint();
      co_await child.portal();
      at += waits.delay(1, failures);
      EXPECT_EQ(all.scene.boots["second"].back(), at) << failures;
    }
    EXPECT_EQ(all.engine.history().size(), 5u);
    EXPECT_EQ(child.restarts(), 5u);
  });
}

TEST(supervision, begins_with_the_first_wait_again_after_a_long_run) {
  const auto waits = restart_backoff(1s, 1h).jitter(0);
  supervise(one_for_one().backoff(waits).intensity(5, 1min), [&](company& all, task_nursery&) -> task<> {
    auto child = co_await all.hire("a");
    for (const duration ran : {1s, 2s, 60s, 3s}) {
      co_await sleep(ran);
      all.scene.fail("a");
      co_await checkpoint();
      co_await child.portal();
    }
    std::vector<duration> seen;
    for (const restart_record& each : all.engine.history()) seen.push_back(*each.wait);
    EXPECT_EQ(seen, (std::vector<duration>{1s, 2s, 1s, 2s}));
    EXPECT_EQ(all.engine.history()[2].uptime, 60s);
  });
}

TEST(supervision, escalates_when_there_is_one_failure_too_many_and_names_all_of_them) {
  const auto error = escalation_of([] {
    supervise(at_once(one_for_one()).intensity(2, 10s), [](company& all, task_nursery&) -> task<> {
      co_await all.hire_all("ab");
      for (const std::string name : {"a", "b", "a"}) {
        co_await sleep(1s);
        all.scene.fail(name);
      }
      co_await sleep(1h);
    });
  });
  ASSERT_EQ(error.history().size(), 3u);
  const std::vector<std::string> names = {"a", "b", "a"};
  for (std::size_t i = 0; i < 3; ++i) {
    const restart_record& each = error.history()[i];
    EXPECT_EQ(each.child, names[i]);
    EXPECT_EQ(each.who.uuid(), "uuid-of-" + names[i]);
    EXPECT_EQ(describe(each.why), "std::runtime_error: " + names[i] + " failed");
    EXPECT_EQ(each.wait.has_value(), i < 2);
  }
  EXPECT_EQ(error.history()[2].uptime, 2s);
}

TEST(supervision, does_not_escalate_when_failures_lie_further_apart_than_the_period) {
  supervise(at_once(one_for_one()).intensity(1, 10s), [](company& all, task_nursery&) -> task<> {
    auto child = co_await all.hire("a");
    for (int i = 0; i < 250; ++i) {
      co_await sleep(11s);
      all.scene.fail("a");
    }
    co_await sleep(1s);
    EXPECT_EQ(child.restarts(), 250u);
    // Of a long life only the latest are kept.
    EXPECT_EQ(all.engine.history().size(), 100u);
  });
}

TEST(supervision, with_no_restart_allowed_escalates_at_the_first_failure) {
  const auto error = escalation_of([] {
    supervise(one_for_one().intensity(0, 1s), [](company& all, task_nursery&) -> task<> {
      co_await all.hire("a");
      all.scene.fail("a");
      co_await sleep(1h);
    });
  });
  EXPECT_EQ(error.history().size(), 1u);
}

TEST(supervision, restarts_each_type_of_child_after_the_ends_it_names) {
  using enum restart_type;
  supervise(at_once(one_for_one()), [](company& all, task_nursery&) -> task<> {
    auto always = co_await all.hire("p", lifetime::until_nursery_ends, permanent);
    auto after_errors = co_await all.hire("t", lifetime::until_nursery_ends, transient);
    auto never = co_await all.hire("n", lifetime::until_nursery_ends, temporary);
    all.scene.give_result("p");
    co_await all.script_is("p+ t+ n+ p. p+");
    all.scene.fail("t");
    co_await all.script_is("p+ t+ n+ p. p+ t! t+");
    all.scene.give_result("t");
    co_await after_errors.wait();
    EXPECT_EQ(after_errors.state(), child_state::ended);
    all.scene.fail("n");
    std::string why;
    try {
      co_await never.wait();
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "n failed");
    EXPECT_EQ(always.restarts(), 1u);
    EXPECT_EQ(all.engine.child_count(), 1u);
    EXPECT_EQ(all.engine.history().size(), 2u);
    EXPECT_EQ(all.engine.history()[0].why, nullptr);
  });
}

TEST(supervision, a_child_that_has_ended_for_good_stays_so_when_others_are_restarted) {
  supervise(at_once(one_for_all()), [](company& all, task_nursery&) -> task<> {
    co_await all.hire("a");
    auto done = co_await all.hire("b", lifetime::until_result, restart_type::transient);
    auto never = co_await all.hire("c", lifetime::until_nursery_ends, restart_type::temporary);
    all.scene.give_result("b");
    co_await done.wait();
    all.scene.fail("a");
    co_await all.script_is("a+ b+ c+ b. a! c- a+");
    EXPECT_EQ(never.state(), child_state::ended);
  });
}

TEST(supervision, a_dependent_that_fails_before_the_restart_of_what_it_depends_on_counts_as_taken_along) {
  supervise(rest_for_one().intensity(1, 1h).backoff(restart_backoff(5s, 5s).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              co_await all.hire_all("abc");
              all.scene.end_time["c"] = 1s;
              all.scene.fail("a");
              co_await checkpoint();
              all.scene.fail("b");
              co_await all.script_is("a+ b+ c+ a! b! c- a+ b+ c+");
              EXPECT_EQ(all.scene.boots["a"].back(), 5s);
              EXPECT_EQ(all.engine.history().size(), 1u);
            });
}

TEST(supervision, a_failure_before_the_child_that_is_waiting_takes_that_along) {
  supervise(rest_for_one().intensity(2, 1h).backoff(restart_backoff(5s, 5s).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              co_await all.hire_all("abc");
              all.scene.fail("c");
              co_await sleep(2s);
              all.scene.fail("a");
              co_await all.script_is("a+ b+ c+ c! a! b- a+ b+ c+");
              EXPECT_EQ(all.scene.boots["a"].back(), 7s);
              EXPECT_EQ(all.engine.history().size(), 2u);
            });
}

TEST(supervision, a_failure_while_others_start_again_begins_anew_from_there) {
  for (const bool all_of_them : {false, true})
    supervise(at_once(all_of_them ? one_for_all() : rest_for_one()).intensity(2, 1h),
              [](company& all, task_nursery&) -> task<> {
                co_await all.hire_all("abc");
                all.scene.boot_time["b"] = 3s;
                all.scene.fail("a");
                co_await sleep(1s);
                all.scene.fail("a");
                co_await all.script_is("a+ b+ c+ a! c- b- a+ a! b+ b- a+ b+ c+");
                EXPECT_EQ(all.engine.history().size(), 2u);
              });
}

TEST(supervision, a_restart_that_fails_in_its_boot_counts_and_is_tried_again) {
  supervise(rest_for_one().intensity(3, 1h).backoff(restart_backoff(1s, 1min).jitter(0)),
            [](company& all, task_nursery&) -> task<> {
              co_await all.hire_all("ab");
              all.scene.boots_that_fail["a"] = 2;
              all.scene.fail("a");
              co_await all.script_is("a+ b+ a! b- a? a? a+ b+");
              EXPECT_EQ(all.scene.boots["a"], (std::vector<duration>{0s, 1s, 3s, 7s}));
              EXPECT_EQ(all.engine.history().size(), 3u);
              EXPECT_EQ(all.engine.history()[1].uptime, 0s);
            });
}

TEST(supervision, escalates_when_restarts_fail_in_their_boot_too_often) {
  const auto error = escalation_of([] {
    supervise(at_once(rest_for_one()), [](company& all, task_nursery&) -> task<> {
      co_await all.hire_all("ab");
      all.scene.boots_that_fail["a"] = 100;
      all.scene.fail("a");
      co_await sleep(1h);
    });
  });
  EXPECT_EQ(error.history().size(), 4u);
}

TEST(supervision, a_first_boot_that_fails_is_thrown_to_its_starter_and_not_tried_again) {
  supervise(one_for_one(), [](company& all, task_nursery&) -> task<> {
    all.scene.boots_that_fail["a"] = 1;
    bool thrown = false;
    try {
      co_await all.hire("a");
    } catch (const std::runtime_error& error) {
      thrown = std::string(error.what()) == "a is stillborn";
    }
    EXPECT_TRUE(thrown);
    EXPECT_EQ(all.engine.child_count(), 0u);
    co_await sleep(1h);
    EXPECT_EQ(all.scene.script, "a?");
  });
}

}  // namespace supervision_test
