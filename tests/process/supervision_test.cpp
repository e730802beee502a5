// Supervisors over real processes: which children are started again, and how they are reached.
#include "supervised.hpp"

namespace supervision_test {

using namespace supervision_test;

TRACTOR_TEST(supervision, makes_a_killed_daemon_reachable_again) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    auto other = co_await sv.start_actor(child_spec("other", expose<&pid>()));
    auto others_pid = co_await pid_of(other);
    for (int round = 1; round <= 3; ++round) {
      auto before = co_await pid_of(kid);
      ::kill(before, SIGKILL);
      co_await fail_after(bound(), notes(sv, static_cast<std::size_t>(round)));
      auto after = co_await fail_after(bound(), pid_of(kid));
      EXPECT_NE(after, before);
      EXPECT_FALSE(alive(before));
      EXPECT_EQ(kid.restarts(), static_cast<std::size_t>(round));
      const restart_record last = sv.history().back();
      EXPECT_EQ(last.child, "kid");
      EXPECT_EQ(last.who.pid(), before);
      EXPECT_THAT(last.text(), HasSubstr("SIGKILL"));
      EXPECT_GT(last.uptime, duration::zero());
    }
    auto still = co_await pid_of(other);
    EXPECT_EQ(still, others_pid);
    EXPECT_EQ(other.restarts(), 0u);
    EXPECT_EQ(sv.child_count(), 2u);
    sv.cancel();
  });
}

TRACTOR_TEST(supervision, a_restarted_child_is_found_by_its_name) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    auto first = co_await fail_after(bound(), wait_for_actor("kid"));
    auto before = co_await first.run<&pid>();
    ::kill(before, SIGKILL);
    co_await fail_after(bound(), notes(sv, 1));
    auto after = co_await fail_after(bound(), pid_of(kid));
    auto found = co_await fail_after(bound(), wait_for_actor("kid"));
    auto there = co_await found.run<&pid>();
    EXPECT_EQ(there, after);
    sv.cancel();
  });
}

TRACTOR_TEST(supervision, calls_under_way_fail_with_the_error_of_the_child_that_died, (tmp_dir & tmp)) {
  co_await open_supervisor(quick(one_for_one()), [&](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(
        child_spec("kid", expose<&pid, &waits_aloud>()).lives(lifetime::until_nursery_ends));
    auto before = co_await kid.portal();
    sv.tasks().start_soon([&]() -> task<> {
      co_await appears(tmp / "begun");
      ::kill(before.peer().pid(), SIGKILL);
    });
    auto failure = co_await raises<actor_failure>(before.run<&waits_aloud>(tmp / "begun"));
    EXPECT_EQ(failure.who(), before.peer());
    EXPECT_EQ(failure.status().signo(), SIGKILL);
    // Whoever asks at once waits for the restart.
    auto after = co_await fail_after(bound(), pid_of(kid));
    EXPECT_NE(after, before.peer().pid());
    // The old portal stays the dead one's.
    auto again = co_await raises<actor_failure>(before.run<&pid>());
    EXPECT_EQ(again.who(), before.peer());
  });
}

TRACTOR_TEST(supervision, repeats_a_call_that_throws_until_it_has_a_result, (tmp_dir & tmp)) {
  co_await open_supervisor(quick(one_for_one()), [&](supervisor& sv) -> task<> {
    auto worker = co_await sv.run_in_actor<&works_at_attempt>("worker", tmp / "attempts", 3);
    auto result = co_await worker.wait_for_result();
    EXPECT_EQ(result, 3);
    auto again = co_await worker.wait_for_result();
    EXPECT_EQ(again, 3);
    EXPECT_EQ(worker.state(), child_state::ended);
    CO_ASSERT_EQ(sv.history().size(), 2u);
    EXPECT_THAT(sv.history()[0].text(), HasSubstr("attempt 1"));
    EXPECT_TRUE(is_error<remote_actor_error>(sv.history()[1].why));
  });
  EXPECT_EQ(lines_of(tmp / "attempts"), 3);
}

TRACTOR_TEST(supervision, does_not_repeat_a_transient_child_that_has_its_result, (tmp_dir & tmp)) {
  co_await open_supervisor(quick(one_for_one()), [&](supervisor& sv) -> task<> {
    co_await sv.run_in_actor<&works_at_attempt>("worker", tmp / "attempts", 1);
    auto service = child_spec("service").lives(lifetime::until_nursery_ends).transient();
    auto once = co_await sv.run_in_actor<&adds_a_line>(std::move(service), tmp / "lines");
    co_await once.wait_for_result();
    EXPECT_EQ(once.restarts(), 0u);
  });
  EXPECT_EQ(lines_of(tmp / "attempts"), 1);
  EXPECT_EQ(lines_of(tmp / "lines"), 1);
}

TRACTOR_TEST(supervision, repeats_a_permanent_child_whenever_it_returns, (tmp_dir & tmp)) {
  co_await open_supervisor(quick(one_for_one()), [&](supervisor& sv) -> task<> {
    co_await sv.run_in_actor<&adds_a_line>(child_spec("service").lives(lifetime::until_nursery_ends),
                                           tmp / "lines");
    co_await fail_after(bound(), has_lines(tmp / "lines", 3));
  });
  EXPECT_GE(lines_of(tmp / "lines"), 3);
}

TRACTOR_TEST(supervision, keeps_the_error_of_a_temporary_child_for_who_asks) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    auto doomed = co_await sv.run_in_actor<&fails>(child_spec("doomed").temporary(), "just so");
    auto error = co_await raises<remote_actor_error>(doomed.wait_for_result());
    EXPECT_EQ(error.message(), "just so");
    co_await raises<remote_actor_error>(doomed.portal());
    // Nobody else is harmed.
    co_await pid_of(kid);
    EXPECT_EQ(sv.history().size(), 0u);
    sv.cancel();
  });
}

TRACTOR_TEST(supervision, without_restarts_raises_the_error_of_a_child_bare) {
  auto failing = open_supervisor(supervisor_options(), [](supervisor& sv) -> task<> {
    co_await sv.start_actor(child_spec("idle", expose<&waits>()));
    co_await sv.run_in_actor<&fails>("failing", "alone");
    co_await sleep_forever();
  });
  auto error = co_await raises<remote_actor_error>(std::move(failing));
  EXPECT_TRUE(error.boxed_type_is<boom>());
}

TRACTOR_TEST(supervision, rest_for_one_has_ended_what_depends_on_a_child_before_that_is_up_again) {
  co_await open_supervisor(quick(rest_for_one()), [](supervisor& sv) -> task<> {
    std::vector<supervised_child> all;
    std::vector<int> before, after;
    for (const std::string name : {"a", "b", "c", "d"}) {
      auto kid = co_await sv.start_actor(child_spec(name, expose<&pid>()));
      all.push_back(kid);
      auto process = co_await pid_of(kid);
      before.push_back(process);
    }
    ::kill(before[1], SIGKILL);
    co_await fail_after(bound(), notes(sv, 1));
    co_await fail_after(bound(), pid_of(all[1]));
    EXPECT_TRUE(alive(before[0]));
    for (const int process : {before[1], before[2], before[3]}) EXPECT_FALSE(alive(process));
    // The last one is up: so are the ones before it.
    co_await fail_after(bound(), pid_of(all[3]));
    for (const supervised_child& kid : all) {
      EXPECT_EQ(kid.state(), child_state::running);
      auto process = co_await pid_of(kid);
      after.push_back(process);
    }
    EXPECT_EQ(after[0], before[0]);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_NE(after[i], before[i]);
    EXPECT_EQ(sv.history().size(), 1u);
    sv.cancel();
  });
}

TRACTOR_TEST(supervision, one_for_all_restarts_every_child) {
  co_await open_supervisor(quick(one_for_all()), [](supervisor& sv) -> task<> {
    auto first = co_await sv.start_actor(child_spec("first", expose<&pid>()));
    auto second = co_await sv.start_actor(child_spec("second", expose<&pid>()));
    auto before = co_await pid_of(first);
    auto victim = co_await pid_of(second);
    ::kill(victim, SIGKILL);
    co_await fail_after(bound(), notes(sv, 1));
    auto fresh = co_await fail_after(bound(), pid_of(second));
    auto after = co_await pid_of(first);
    EXPECT_NE(fresh, victim);
    EXPECT_NE(after, before);
    EXPECT_FALSE(alive(before));
    sv.cancel();
  });
}

TRACTOR_TEST(supervision, a_child_that_is_not_born_is_the_error_of_who_starts_it) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    child_spec lost("lost", expose<&pid>().working_directory("/no/such/folder"));
    bool failed = false;
    try {
      co_await sv.start_actor(lost);
    } catch (const std::exception& error) {
      failed = true;
      EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("lost"), HasSubstr("/no/such/folder")));
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(sv.child_count(), 0u);
    EXPECT_EQ(sv.history().size(), 0u);
  });
}

TRACTOR_TEST(supervision, of_lifetimes_that_make_no_sense_is_refused) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto daemon = child_spec("daemon", expose<&pid>()).lives(lifetime::until_result);
    co_await raises<std::invalid_argument>(sv.start_actor(daemon));
    auto eternal = child_spec("eternal").permanent();
    co_await raises<std::invalid_argument>(sv.run_in_actor<&waits>(eternal));
    EXPECT_EQ(sv.child_count(), 0u);
  });
}

TEST(supervision_outside, of_an_actor_is_told_how_to_enter_the_runtime) {
  auto body = []() -> task<> {
    co_await raises<no_runtime>(open_supervisor(one_for_one(), [](supervisor&) -> task<> { co_return; }));
  };
  run_loop(body());
}

}  // namespace supervision_test
