// A child that ends before the one result it is for: whoever waits, and wherever, hears of it once, by name.
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <tractor/harness/harness.hpp>

namespace lost_result_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

namespace {

task<int> ends(int how) {
  co_await checkpoint();
  if (how < 0) ::_exit(-how - 1);
  if (how > 0) ::raise(how);
  throw std::runtime_error("boom");
}

task<int> slow() {
  co_await sleep_forever();
  co_return 1;
}

task<int> fails_when_cancelled() {
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
  }
  throw std::runtime_error("cleanup failed");
}

// A binary tree that waits for the results of its branches. One actor dies when its own are up: the leftmost
// at the depth `victim`, counted from the leaves.
task<int> node(int depth, int victim, bool leftmost) {
  if (depth == 0) {
    if (leftmost && victim == 0) ::raise(SIGKILL);
    co_await sleep_forever();
  }
  int sum = 0;
  auto body = [&](actor_nursery& an) -> task<> {
    auto left = co_await an.run_in_actor<&node>("left", depth - 1, victim, leftmost);
    auto right = co_await an.run_in_actor<&node>("right", depth - 1, victim, false);
    if (leftmost && victim == depth) ::raise(SIGKILL);
    sum = co_await left.wait_for_result();
    sum += co_await right.wait_for_result();
  };
  co_await open_nursery(body);
  co_return sum;
}

task<> fails_with_a_cause() {
  co_await checkpoint();
  try {
    throw std::logic_error("cause");
  } catch (...) {
    std::throw_with_nested(std::runtime_error("effect"));
  }
}

constexpr int exit_0 = -1, exit_5 = -6;
constexpr int all_ends[] = {exit_0, exit_5, SIGKILL, SIGABRT};

/// The ways to wait for the result of the child `name`, each of which ends in its error.
enum class place { body, task_of_nursery, behind_a_shield, within_a_bound, nobody };
constexpr place all_places[] = {place::body, place::task_of_nursery, place::behind_a_shield,
                                place::within_a_bound, place::nobody};

task<> wait_at(place where, actor_nursery& an, result_portal<int> kid) {
  if (where == place::body) co_await kid.wait_for_result();
  if (where == place::behind_a_shield) co_await shielded([&]() -> task<> { co_await kid.wait_for_result(); });
  if (where == place::within_a_bound) co_await fail_after(20s, kid.wait_for_result());
  if (where == place::task_of_nursery)
    an.tasks().start_soon([kid]() -> task<> { co_await kid.wait_for_result(); });
  co_await sleep(20s);
}

task<> run_and_wait(place where, int how) {
  auto body = [&](actor_nursery& an) -> task<> {
    auto kid = co_await an.run_in_actor<&ends>("kid", how);
    co_await wait_at(where, an, kid);
  };
  co_await open_nursery(body);
}

}  // namespace

TRACTOR_TEST(lost_result, is_the_error_of_who_waits_and_comes_out_bare) {
  for (const place where : all_places)
    for (const int how : all_ends) {
      const std::string which =
          "place " + std::to_string(static_cast<int>(where)) + ", end " + std::to_string(how);
      auto error = co_await raises<actor_failure>(run_and_wait(where, how));
      EXPECT_EQ(error.who().name(), "kid") << which;
      EXPECT_EQ(error.status().signo(), how > 0 ? how : 0) << which;
      EXPECT_EQ(error.status().code(), how < 0 ? -how - 1 : 0) << which;
    }
}

TRACTOR_TEST(lost_result, that_is_an_error_of_the_function_comes_out_bare_too) {
  for (const place where : all_places) {
    auto error = co_await raises<remote_actor_error>(run_and_wait(where, 0));
    EXPECT_EQ(error.message(), "boom") << static_cast<int>(where);
  }
}

TRACTOR_TEST(lost_result, in_a_nursery_that_yields_a_value_is_its_error) {
  auto body = [](actor_nursery& an) -> task<int> {
    auto kid = co_await an.run_in_actor<&ends>("kid", SIGKILL);
    co_return co_await kid.wait_for_result();
  };
  auto error = co_await raises<actor_failure>(open_nursery(body));
  EXPECT_EQ(error.who().name(), "kid");
}

TRACTOR_TEST(lost_result, in_a_tree_that_waits_for_results_is_one_error_that_names_who_died) {
  for (const int victim : {0, 1}) {
    auto error = co_await raises<remote_actor_error>(node(3, victim, true));
    EXPECT_TRUE(error.boxed_type_is<actor_failure>()) << error.what();
    EXPECT_NE(error.message().find("actor 'left@"), std::string::npos) << error.what();
    EXPECT_NE(error.message().find("was killed by signal 9"), std::string::npos) << error.what();
    EXPECT_EQ(error.relay_path().size(), victim == 0 ? 2u : 1u) << error.what();
  }
  auto error = co_await raises<actor_failure>(node(3, 2, true));
  EXPECT_EQ(error.status().signo(), SIGKILL);
}

TRACTOR_TEST(lost_result, of_a_call_to_an_actor_that_exits_names_it_and_its_code) {
  auto body = [](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&ends>());
    co_await kid.run<&ends>(exit_0);
  };
  auto error = co_await raises<actor_failure>(open_nursery(body));
  EXPECT_EQ(std::string(error.what()).substr(0, 11), "actor 'kid@");
  EXPECT_NE(std::string(error.what()).find("exited with code 0 and left a call unanswered"),
            std::string::npos)
      << error.what();
}

TRACTOR_TEST(lost_result, outside_of_a_nursery_that_was_cancelled_is_an_error_and_no_cancel) {
  std::optional<result_portal<int>> kid;
  auto body = [&](actor_nursery& an) -> task<> {
    kid.emplace(co_await an.run_in_actor<&slow>("kid"));
    an.cancel();
  };
  co_await open_nursery(body);
  auto error = co_await raises<context_cancelled>(kid->wait_for_result());
  EXPECT_EQ(error.canceller().name(), current_actor().id().name());
  EXPECT_NE(std::string(error.what()).find("was ended before it had a result"), std::string::npos)
      << error.what();
}

TRACTOR_TEST(lost_result, outside_of_a_nursery_that_failed_is_an_error_and_no_cancel) {
  std::optional<result_portal<int>> kid;
  auto body = [&](actor_nursery& an) -> task<> {
    kid.emplace(co_await an.run_in_actor<&slow>("kid"));
    throw std::logic_error("body");
  };
  co_await raises<std::logic_error>(open_nursery(body));
  co_await raises<context_cancelled>(kid->wait_for_result());
}

TRACTOR_TEST(cleanup_error, of_a_remote_call_that_is_cut_off_replaces_the_cut_as_a_local_one_does) {
  co_await raises<std::runtime_error>(fail_after(50ms, fails_when_cancelled()));
  auto body = [](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&fails_when_cancelled>());
    auto error = co_await raises<remote_actor_error>(fail_after(50ms, kid.run<&fails_when_cancelled>()));
    EXPECT_EQ(error.message(), "cleanup failed");
    co_await kid.cancel_actor();
  };
  co_await open_nursery(body);
}

TRACTOR_TEST(cleanup_error, of_a_child_that_its_nursery_cancels_is_the_nurserys) {
  auto by_call = [](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&fails_when_cancelled>());
    an.tasks().start_soon([kid]() -> task<> { co_await kid.run<&fails_when_cancelled>(); });
    co_await sleep(50ms);
    an.cancel();
  };
  auto error = co_await raises<remote_actor_error>(open_nursery(by_call));
  EXPECT_EQ(error.message(), "cleanup failed");
  auto by_its_one_call = [](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&fails_when_cancelled>("kid");
    co_await sleep(50ms);
    an.cancel();
  };
  error = co_await raises<remote_actor_error>(open_nursery(by_its_one_call));
  EXPECT_EQ(error.message(), "cleanup failed");
}

TRACTOR_TEST(cause_of_an_error, comes_with_it_from_another_process) {
  auto body = [](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&fails_with_a_cause>());
    auto error = co_await raises<remote_actor_error>(kid.run<&fails_with_a_cause>());
    EXPECT_TRUE(error.boxed_type_is<std::runtime_error>()) << error.what();
    EXPECT_EQ(error.message(), "effect\ncaused by std::logic_error: cause");
    co_await kid.cancel_actor();
  };
  co_await open_nursery(body);
}

}  // namespace lost_result_test
