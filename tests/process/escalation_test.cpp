// Supervisors over real processes: giving up, cancels and errors at any time, and what is left (nothing).
#include "supervised.hpp"

namespace escalation_test {

using namespace supervision_test;

TRACTOR_TEST(escalation, names_the_whole_history_of_restarts_that_did_not_help) {
  int bystander = 0;
  std::optional<supervised_child> kept;
  auto hopeless = open_supervisor(quick(one_for_one()).intensity(2, 60s), [&](supervisor& sv) -> task<> {
    auto idle = co_await sv.start_actor(child_spec("idle", expose<&pid, &waits>()));
    kept.emplace(idle);
    bystander = co_await pid_of(idle);
    co_await sv.run_in_actor<&fails>("worker", "no way");
    co_await sleep_forever();
  });
  auto error = co_await raises<too_many_restarts>(std::move(hopeless));
  CO_ASSERT_EQ(error.history().size(), 3u);
  for (const restart_record& each : error.history()) {
    EXPECT_EQ(each.child, "worker");
    EXPECT_EQ(each.who.name(), "worker");
    EXPECT_FALSE(alive(each.who.pid()));
    EXPECT_THAT(error.what(), HasSubstr(each.who.short_form()));
  }
  EXPECT_NE(error.history()[0].who, error.history()[1].who);
  EXPECT_THAT(error.what(), HasSubstr("no way"));
  EXPECT_THAT(error.what(), HasSubstr("'root@"));
  EXPECT_FALSE(alive(bystander));
  // Handles outlive the supervisor, and say why there is nothing behind them any more.
  co_await raises<too_many_restarts>(kept->portal());
}

TRACTOR_TEST(escalation, crosses_processes_with_its_history) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&escalates>());
    auto error = co_await raises<remote_actor_error>(kid.run<&escalates>());
    EXPECT_TRUE(error.boxed_type_is<too_many_restarts>());
    EXPECT_EQ(error.src_uid(), kid.peer());
    EXPECT_THAT(error.what(), HasSubstr("\n  1. "));
    EXPECT_THAT(error.what(), HasSubstr("\n  2. "));
    EXPECT_THAT(error.what(), HasSubstr("no way"));
    const auto causes = error.exceptions();
    CO_ASSERT_EQ(causes.size(), 2u);
    for (const remote_actor_error& each : causes) {
      EXPECT_TRUE(each.boxed_type_is<boom>());
      EXPECT_EQ(each.src_uid().name(), "worker");
    }
    EXPECT_TRUE(is_error<too_many_restarts>(error.unwrap()));
    an.cancel();
  });
}

TRACTOR_TEST(escalation, is_a_failure_that_the_supervisor_above_restarts, (tmp_dir & tmp)) {
  co_await open_supervisor(quick(one_for_one()), [&](supervisor& sv) -> task<> {
    // Two attempts in each life of the inner supervisor.
    auto inner = co_await sv.run_in_actor<&supervises_until_attempt>("inner", tmp / "attempts", 4);
    auto result = co_await inner.wait_for_result();
    EXPECT_EQ(result, 4);
    CO_ASSERT_EQ(sv.history().size(), 1u);
    EXPECT_THAT(sv.history()[0].text(), HasSubstr("TooManyRestarts"));
    EXPECT_THAT(sv.history()[0].text(), HasSubstr("attempt 2"));
  });
  // Nested in one process it is an error of the outer body.
  auto nested = open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    co_await sv.start_actor(child_spec("idle", expose<&waits>()));
    co_await escalates();
  });
  auto error = co_await raises<too_many_restarts>(std::move(nested));
  EXPECT_EQ(error.history().size(), 2u);
}

TRACTOR_TEST(supervision_end, a_cancel_while_a_child_waits_for_its_restart_ends_all_at_once) {
  const auto patient = one_for_one().backoff(restart_backoff(1h, 1h));
  co_await open_supervisor(patient, [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    co_await sv.start_actor(child_spec("other", expose<&pid>()));
    auto process = co_await pid_of(kid);
    ::kill(process, SIGKILL);
    co_await fail_after(bound(), is(kid, child_state::waiting));
    EXPECT_GE(*sv.history().back().wait, 48min);
    sv.cancel();
    EXPECT_TRUE(sv.cancel_called());
  });
}

TRACTOR_TEST(supervision_end, a_cancel_at_any_moment_of_a_restart_leaves_nothing) {
  for (int round = 0; round < count(10, 50); ++round) {
    std::vector<supervised_child> all;
    co_await open_supervisor(quick(rest_for_one()), [&](supervisor& sv) -> task<> {
      for (const std::string name : {"a", "b"}) {
        auto kid = co_await sv.start_actor(child_spec(name, expose<&pid>()));
        all.push_back(kid);
      }
      auto process = co_await pid_of(all[0]);
      ::kill(process, SIGKILL);
      co_await fail_after(bound(), notes(sv, 1));
      // Somewhere in the end of the one, the boot of the other, or after both.
      co_await sleep(round * 3ms);
      sv.cancel();
    });
    for (const supervised_child& kid : all) EXPECT_EQ(kid.state(), child_state::ended);
  }
}

TRACTOR_TEST(supervision_end, an_error_in_the_body_during_a_restart_is_raised_bare) {
  auto failing = open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    auto process = co_await pid_of(kid);
    ::kill(process, SIGKILL);
    co_await fail_after(bound(), notes(sv, 1));
    throw boom("enough");
  });
  auto error = co_await raises<boom>(std::move(failing));
  EXPECT_STREQ(error.what(), "enough");
}

TRACTOR_TEST(supervision_end, a_child_cancelled_by_its_handle_is_not_restarted) {
  co_await open_supervisor(quick(one_for_one()), [](supervisor& sv) -> task<> {
    auto kid = co_await sv.start_actor(child_spec("kid", expose<&pid>()));
    auto process = co_await pid_of(kid);
    kid.cancel();
    co_await fail_after(bound(), kid.wait());
    EXPECT_FALSE(alive(process));
    auto error = co_await raises<runtime_failure>(kid.portal());
    EXPECT_THAT(error.what(), HasSubstr("kid"));
    // A call that had no time for its result.
    auto worker = co_await sv.run_in_actor<&waits>("worker");
    worker.cancel();
    co_await raises<runtime_failure>(worker.wait_for_result());
    EXPECT_EQ(sv.child_count(), 0u);
  });
}

TRACTOR_TEST(escalation, says_why_a_restart_could_not_boot, (tmp_dir & tmp)) {
  std::filesystem::create_directory(tmp / "home");
  auto hopeless = open_supervisor(quick(one_for_one()).intensity(2, 60s), [&](supervisor& sv) -> task<> {
    auto options = expose<&pid>().working_directory(tmp / "home");
    auto kid = co_await sv.start_actor(child_spec("kid", std::move(options)));
    auto process = co_await pid_of(kid);
    std::filesystem::remove(tmp / "home");
    ::kill(process, SIGKILL);
    co_await sleep_forever();
  });
  auto error = co_await raises<too_many_restarts>(std::move(hopeless));
  CO_ASSERT_EQ(error.history().size(), 3u);
  EXPECT_THAT(error.history()[0].text(), HasSubstr("SIGKILL"));
  EXPECT_THAT(error.history()[2].text(), HasSubstr("died in its boot"));
}

}  // namespace escalation_test
