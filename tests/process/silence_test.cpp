// Children that live and do not answer: a stopped process is as good as a dead one, once it is noticed.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "heartbeats.hpp"
#include "registry.hpp"

namespace silence_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<int> pid() { co_return ::getpid(); }
task<> endless(send_stream<int>& out) {
  for (int i = 0;; ++i) co_await out.send(i);
}
bool alive(int process) { return ::kill(process, 0) == 0; }

TRACTOR_CELL_TEST(silence, of_a_daemon_ends_it_by_force_and_is_an_error_of_its_nursery,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp), timeout(30s)) {
  const short_heartbeats config(tmp / "config.yaml", 50ms, 500ms);
  run_tree(tree_of(method, proto, addr), []() -> task<> {
    int stopped = 0;
    auto failing = open_nursery([&](actor_nursery& an) -> task<> {
      auto kid = co_await an.start_actor("silent one", expose<&pid>());
      stopped = co_await kid.run<&pid>();
      ::kill(stopped, SIGSTOP);
      co_await sleep_forever();
    });
    auto error = co_await raises<actor_too_slow_error>(std::move(failing));
    EXPECT_THAT(error.what(), HasSubstr("silent one"));
    EXPECT_FALSE(alive(stopped));
  });
}

TRACTOR_CELL_TEST(silence, of_a_peer_in_a_stream_is_told_to_whoever_reads_and_names_it,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp), timeout(30s)) {
  const short_heartbeats config(tmp / "config.yaml", 50ms, 500ms);
  bool told_in_the_body = false;
  run_tree(tree_of(method, proto, addr), [&]() -> task<> {
    auto failing = open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("silent one", expose<&endless>());
      co_await kid.stream_from<&endless>([&](receive_stream<int>& in) -> task<> {
        co_await in.receive();
        ::kill(kid.peer().pid(), SIGSTOP);
        try {
          for (;;) co_await in.receive();
        } catch (const actor_too_slow_error& error) {
          told_in_the_body = true;
          EXPECT_THAT(error.what(), HasSubstr("silent one@"));
          throw;
        }
      });
    });
    auto error = co_await raises<actor_too_slow_error>(std::move(failing));
    EXPECT_THAT(error.what(), HasSubstr("has been silent for"));
  });
  EXPECT_TRUE(told_in_the_body);
}

// Starts a child, stops it, and waits for what comes of it.
task<> stop_a_child() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("silent grandchild", expose<&pid>());
    auto stopped = co_await kid.run<&pid>();
    ::kill(stopped, SIGSTOP);
    co_await sleep_forever();
  });
}

TRACTOR_CELL_TEST(silence, of_a_grandchild_comes_to_the_root_by_its_parent_and_names_it,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp), timeout(30s)) {
  const short_heartbeats config(tmp / "config.yaml", 50ms, 500ms);
  run_tree(tree_of(method, proto, addr), []() -> task<> {
    auto failing = open_nursery([](actor_nursery& an) -> task<> {
      auto middle = co_await an.start_actor("middle", expose<&stop_a_child>());
      co_await middle.run<&stop_a_child>();
    });
    auto error = co_await raises<remote_actor_error>(std::move(failing));
    EXPECT_TRUE(error.boxed_type_is<actor_too_slow_error>()) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("silent grandchild@"));
    EXPECT_EQ(error.src_uid().name(), "middle") << error.what();
  });
}

TRACTOR_CELL_TEST(silence, of_a_supervised_child_is_a_failure_that_a_restart_mends,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp), timeout(30s)) {
  const short_heartbeats config(tmp / "config.yaml", 50ms, 500ms);
  run_tree(tree_of(method, proto, addr), []() -> task<> {
    co_await open_supervisor(one_for_one().intensity(10, 60s), [](supervisor& sv) -> task<> {
      auto options = expose<&pid>().lives(lifetime::until_nursery_ends);
      auto kid = co_await sv.start_actor(child_spec("silent one", std::move(options)));
      auto before = co_await kid.portal();
      auto stopped = co_await before.run<&pid>();
      ::kill(stopped, SIGSTOP);
      co_await raises<actor_too_slow_error>(before.run<&pid>());
      auto fresh = co_await kid.portal();
      auto after = co_await fresh.run<&pid>();
      EXPECT_NE(after, stopped);
      EXPECT_FALSE(alive(stopped));
      EXPECT_TRUE(is_error<actor_too_slow_error>(sv.history().front().why));
    });
  });
}

// The root of another program, which is nobody's child here: it is given up, and left alone.
TRACTOR_CELL_TEST(silence, of_a_peer_that_was_found_is_told_to_its_caller_and_ends_nobody,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp), timeout(60s)) {
  const short_heartbeats config(tmp / "config.yaml", 50ms, 500ms);
  run_tree(tree_of(method, proto, addr), [&]() -> task<> {
    subprocess other(program("member:silent one", method, proto, addr));
    const bool joined = co_await has_said(other, "joined\n");
    CO_ASSERT_TRUE(joined) << other.err();
    auto found = co_await find_actor("silent one");
    CO_ASSERT_TRUE(found.has_value());
    auto text = co_await found->run<&process_program::hello>("you");
    EXPECT_EQ(text, "hello you, says silent one");
    other.signal(SIGSTOP);
    for (int call = 0; call < 2; ++call) {
      auto error = co_await raises<actor_too_slow_error>(found->run<&process_program::hello>("you"));
      EXPECT_THAT(error.what(), HasSubstr("'silent one@"));
      EXPECT_THAT(error.what(), HasSubstr("has been silent for"));
    }
    EXPECT_FALSE(found->connected());
    // Its entry has gone with the connection.
    auto left = co_await registry_of(1);
    EXPECT_EQ(left, 1u);
    EXPECT_FALSE(other.wait(0ms).has_value()) << other.err();
    other.signal(SIGCONT);
    // It joins again as if nothing had been.
    auto again = co_await fail_after(roomy(10s), wait_for_actor("silent one"));
    text = co_await again.run<&process_program::hello>("you");
    EXPECT_EQ(text, "hello you, says silent one");
    co_await end_in_order(other);
  });
}

}  // namespace silence_test
