// How long children live, what a nursery waits for when it is left, and what it says of its own end.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace lifetime_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

class boom : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

task<int> pid() { co_return ::getpid(); }
task<> waits() { co_await sleep_forever(); }
task<> fails() { throw boom("on purpose"); }
task<bool> debugs() { co_return current_actor().debug_mode(); }

void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  return text;
}
task<> appears(std::string file) {
  while (!std::filesystem::exists(file)) co_await sleep(2ms);
}

task<> result_once_told(std::string word, std::string result) {
  co_await appears(word);
  write(result, "x");
}
// Notes at its end whether the result was there by then.
task<> notes_at_exit(std::string note, std::string result) {
  current_actor().at_exit(
      [note, result] { write(note, std::filesystem::exists(result) ? "after it" : "before it"); });
  co_return;
}
task<> blocks(std::string file) {
  write(file, "x");
  std::this_thread::sleep_for(60s);
  co_return;
}
task<std::vector<std::string>> own_transports() {
  std::vector<std::string> out;
  for (const address& at : current_actor().addresses()) out.push_back(at.transport());
  co_return out;
}
task<std::vector<bool>> debugs_below() {
  std::vector<bool> out;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.run_in_actor<&debugs>("grandchild");
    auto it = co_await kid.wait_for_result();
    out = {current_actor().debug_mode(), it};
  });
  co_return out;
}

bool alive(int process) { return ::kill(process, 0) == 0; }
actor_options until_the_end(actor_options options) { return options.lives(lifetime::until_nursery_ends); }

TRACTOR_TEST(lifetime, of_a_daemon_that_lives_until_its_nursery_ends_does_not_hold_the_nursery) {
  std::vector<int> pids;
  auto value = co_await open_nursery([&](actor_nursery& an) -> task<int> {
    for (int i = 0; i < 3; ++i) {
      auto kid = co_await an.start_actor("kid", until_the_end(expose<&pid>()));
      auto process = co_await kid.run<&pid>();
      pids.push_back(process);
    }
    co_return 7;
  });
  EXPECT_EQ(value, 7);
  for (int process : pids) EXPECT_FALSE(alive(process));
}

TRACTOR_TEST(lifetime, of_run_once_children_ends_before_that_of_the_daemons_of_the_nursery, (tmp_dir & tmp)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto daemon = co_await an.start_actor("daemon", until_the_end(expose<&notes_at_exit>()));
    co_await daemon.run<&notes_at_exit>(tmp / "note", tmp / "result");
    co_await an.run_in_actor<&result_once_told>("once", tmp / "word", tmp / "result");
    // The word is given when the body is long over.
    an.tasks().start_soon([&]() -> task<> {
      for (int turn = 0; turn < 10; ++turn) co_await checkpoint();
      write(tmp / "word", "x");
    });
  });
  EXPECT_EQ(text_of(tmp / "note"), "after it");
}

TRACTOR_TEST(lifetime, for_ever_holds_the_nursery_and_its_daemons_until_it_is_cancelled) {
  bool answered = false;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto held = co_await an.start_actor("held", expose<&pid>());
    auto other = co_await an.start_actor("other", until_the_end(expose<&pid>()));
    an.tasks().start_soon(
        [&](portal first, portal second) -> task<> {
          for (int turn = 0; turn < 10; ++turn) co_await checkpoint();
          co_await first.run<&pid>();
          co_await second.run<&pid>();
          answered = true;
          co_await first.cancel_actor();
        },
        held, other);
  });
  EXPECT_TRUE(answered);
}

TRACTOR_TEST(lifetime, until_a_result_is_not_for_daemons) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    bool refused = false;
    try {
      co_await an.start_actor("kid", expose<&pid>().lives(lifetime::until_result));
    } catch (const std::invalid_argument& error) {
      refused = true;
      EXPECT_THAT(error.what(), HasSubstr("kid"));
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(an.child_count(), 0u);
  });
}

TRACTOR_TEST(nursery_ending, of_a_nursery_that_ended_by_itself_was_no_cancel) {
  actor_nursery nursery;
  auto value = co_await nursery.run([](actor_nursery& an) -> task<int> {
    auto kid = co_await an.run_in_actor<&pid>("kid");
    auto result = co_await kid.wait_for_result();
    EXPECT_FALSE(an.cancelled_caught());
    co_return result;
  });
  EXPECT_GT(value, 0);
  EXPECT_FALSE(nursery.cancel_called());
  EXPECT_FALSE(nursery.cancelled_caught());
  EXPECT_EQ(nursery.child_count(), 0u);
}

TRACTOR_TEST(nursery_ending, of_a_cancelled_nursery_says_that_it_caught_its_cancel) {
  actor_nursery nursery;
  co_await nursery.run([](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", expose<&pid>());
    an.cancel();
    EXPECT_TRUE(an.cancel_called());
    // Only a nursery that was left knows.
    EXPECT_FALSE(an.cancelled_caught());
  });
  EXPECT_TRUE(nursery.cancel_called());
  EXPECT_TRUE(nursery.cancelled_caught());
}

TRACTOR_TEST(nursery_ending, of_a_nursery_with_an_error_says_whether_it_cut_something_short) {
  actor_nursery with_sibling;
  auto failing = with_sibling.run([](actor_nursery& an) -> task<> {
    co_await an.start_actor("idle", expose<&waits>());
    co_await an.run_in_actor<&fails>("failing");
  });
  co_await raises<remote_actor_error>(std::move(failing));
  EXPECT_TRUE(with_sibling.cancel_called());
  EXPECT_TRUE(with_sibling.cancelled_caught());

  actor_nursery alone;
  co_await raises<boom>(alone.run([](actor_nursery&) -> task<> { throw boom("in the body"); }));
  EXPECT_TRUE(alone.cancel_called());
  EXPECT_FALSE(alone.cancelled_caught());
}

TRACTOR_TEST(nursery_ending, by_a_cancel_from_outside_is_not_the_nurserys_own) {
  actor_nursery nursery;
  auto outer = co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
    co_await nursery.run([&](actor_nursery& an) -> task<> {
      co_await an.start_actor("kid", expose<&pid>());
      scope.cancel();
    });
  });
  EXPECT_TRUE(outer.cancelled_caught());
  EXPECT_FALSE(nursery.cancelled_caught());
}

TRACTOR_TEST(nursery_ending, before_its_beginning_starts_nothing_and_a_second_entry_is_refused) {
  actor_nursery nursery;
  nursery.cancel();
  EXPECT_TRUE(nursery.cancel_called());
  co_await nursery.run([](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", expose<&pid>());
    ADD_FAILURE() << "a cancelled nursery started an actor";
  });
  EXPECT_TRUE(nursery.cancelled_caught());
  co_await raises<std::logic_error>(nursery.run([](actor_nursery&) -> task<> { co_return; }));
  co_await raises<std::logic_error>(nursery.start_actor("late", expose<&pid>()));
}

TRACTOR_TEST(child_options, debug_mode_switched_off_does_not_spare_a_stuck_child_the_kill_ladder,
             (tmp_dir & tmp), root([](run_options& o) { o.debug_mode(false); })) {
  const auto began = std::chrono::steady_clock::now();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("plain", expose<&pid>().debug_mode(false));
    auto kid = co_await an.start_actor("deaf", expose<&blocks>().debug_mode(false));
    an.tasks().start_soon([&](portal to) -> task<> { co_await to.run<&blocks>(tmp / "blocked"); }, kid);
    co_await appears(tmp / "blocked");
    an.cancel();
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took, 4s * head_room());
}

TRACTOR_TEST(child_options, debug_mode_is_the_parents_unless_the_child_is_told_otherwise, (),
             root([](run_options& o) { o.debug_mode(); })) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto heir = co_await an.start_actor("heir", expose<&debugs_below>());
    auto inherited = co_await heir.run<&debugs_below>();
    EXPECT_EQ(inherited, (std::vector<bool>{true, true}));
    auto other = co_await an.start_actor("other", expose<&debugs_below>().debug_mode(false));
    auto told = co_await other.run<&debugs_below>();
    EXPECT_EQ(told, (std::vector<bool>{false, false}));
    an.cancel();
  });
}

TRACTOR_TEST(child_options, enabled_transports_may_be_ones_that_the_parent_does_not_have, (tpt_proto proto)) {
  auto ours = co_await own_transports();
  EXPECT_THAT(ours, testing::ElementsAre(proto.key()));
  for (const std::string& key : current_session().transports) {
    if (key == proto.key()) continue;
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      auto kid = co_await an.start_actor("kid", expose<&own_transports>().enable_transports(key));
      auto theirs = co_await kid.run<&own_transports>();
      EXPECT_THAT(theirs, testing::ElementsAre(key));
      auto both = expose<&own_transports>().enable_transports(key, proto.key());
      auto two = co_await an.start_actor("two", std::move(both));
      auto all = co_await two.run<&own_transports>();
      EXPECT_THAT(all, testing::UnorderedElementsAre(key, proto.key()));
      an.cancel();
    });
  }
}

}  // namespace lifetime_test
