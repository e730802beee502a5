// What is cut off from outside while its other end, or its own clean-up, still has something to say.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <tractor/harness/harness.hpp>

#include "program.hpp"

namespace cut_off_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

namespace {

task<> holds(context<starts<>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

task<> fails_before_it_starts(context<starts<>>& ctx) {
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
  }
  throw std::runtime_error("rollback failed");
  co_await ctx.started();
}

// A body whose clean-up takes a turn of the loop and more, and has nothing to do with the other end.
task<> hold_and_tidy(actor_nursery& an, event* up) {
  const portal kid = co_await an.start_actor("kid", expose<&holds>());
  auto body = [&](auto&) -> task<> {
    if (up) up->set();
    co_await with_cleanup(
        sleep_forever(), [] { return sleep(50ms); }, 5s);
  };
  co_await kid.open_context<&holds>(body);
}

task<> leaves_with_a_code_when_cancelled() {
  try {
    co_await sleep_forever();
  } catch (...) {
    ::_exit(3);
  }
}

task<> registers_callbacks(std::string file) {
  current_actor().at_exit([file] { std::ofstream(file) << "called"; });
  current_actor().at_exit([] { throw 42; });
  co_await checkpoint();
}

}  // namespace

TRACTOR_TEST(cut_off, by_its_nursery_a_context_that_tidies_up_is_no_error) {
  event up;
  auto body = [&](actor_nursery& an) -> task<> {
    an.tasks().start_soon([&]() -> task<> { co_await hold_and_tidy(an, &up); });
    co_await up.wait();
    an.cancel();
  };
  co_await open_nursery(body);
}

TRACTOR_TEST(cut_off, by_a_deadline_around_its_nursery_a_context_that_tidies_up_is_late_and_no_more) {
  auto body = [](actor_nursery& an) -> task<> { co_await hold_and_tidy(an, nullptr); };
  co_await raises<too_slow_error>(fail_after(300ms, open_nursery(body)));
}

TRACTOR_TEST(cut_off, by_a_sibling_a_context_that_tidies_up_leaves_the_siblings_error_alone) {
  event up;
  auto body = [&](actor_nursery& an) -> task<> {
    an.tasks().start_soon([&]() -> task<> { co_await hold_and_tidy(an, &up); });
    co_await up.wait();
    throw std::logic_error("sibling");
  };
  co_await raises<std::logic_error>(open_nursery(body));
}

TRACTOR_TEST(cut_off, before_it_has_started_a_context_tells_the_error_of_its_endpoint) {
  auto body = [](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&fails_before_it_starts>());
    auto inside = [](auto&) -> task<> { co_return; };
    auto error = co_await raises<remote_actor_error>(
        move_on_after(100ms, kid.open_context<&fails_before_it_starts>(inside)));
    EXPECT_EQ(error.message(), "rollback failed");
    co_await kid.cancel_actor();
  };
  co_await open_nursery(body);
}

TRACTOR_TEST(cut_off, with_its_supervisor_a_child_that_crashes_is_an_error) {
  auto body = [](supervisor& sv) -> task<> {
    actor_options options;
    options.expose<&leaves_with_a_code_when_cancelled>();
    auto kid = co_await sv.start_actor(child_spec("kid", options));
    const portal there = co_await kid.portal();
    sv.tasks().start_soon([there]() -> task<> { co_await there.run<&leaves_with_a_code_when_cancelled>(); });
    co_await sleep(100ms);
    sv.cancel();
  };
  auto error = co_await raises<actor_failure>(open_supervisor(supervisor_options(), body));
  EXPECT_EQ(error.status().code(), 3);
}

TRACTOR_TEST(end_of_an_actor, calls_every_callback_whatever_another_one_throws, (reg_addr, tmp_dir& folder)) {
  const std::string file = folder / "called";
  auto body = [&](actor_nursery& an) -> task<> {
    const portal kid = co_await an.start_actor("kid", expose<&registers_callbacks>());
    co_await kid.run<&registers_callbacks>(file);
    co_await kid.cancel_actor();
  };
  co_await open_nursery(body);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TRACTOR_CELL_TEST(interrupt, hides_no_error_of_a_rollback_and_tells_nothing_else,
                  (start_method method, tpt_proto proto, reg_addr where)) {
  for (const std::string mode : {"rolls_back", "tree"}) {
    subprocess run(process_tests::program(mode, method, proto, where));
    ASSERT_TRUE(run.wait_for_output(mode == "tree" ? "leaf" : "up", 20s));
    run.signal(SIGINT);
    const auto status = run.wait(20s);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->code(), 130);
    EXPECT_NE(run.err().find("tractor: interrupted by SIGINT"), std::string::npos) << run.err();
    const bool told =
        run.err().find("while ending after an interrupt: std::runtime_error: rollback failed") !=
        std::string::npos;
    EXPECT_EQ(told, mode == "rolls_back") << run.err();
    EXPECT_EQ(run.err().find("while ending") != std::string::npos, mode == "rolls_back") << run.err();
  }
}

}  // namespace cut_off_test
